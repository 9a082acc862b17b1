"""Reads of customers over many rows, each within what the reader may see."""
