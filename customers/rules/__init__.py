"""What customers come down to: pure functions of names, tiers, money."""
