"""Readings of the pipeline: as of any day, over whole sets, for a scope."""
