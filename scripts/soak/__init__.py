"""Long proofs that the product holds: `make soak`, or `python -m scripts.soak PART …`."""
