"""`make bench`: how fast a large company's pages are, beside yardsticks of the same run (docs/performance.md)."""
