"""The baselines of the acknowledgement ladder: a few lines each, every one a process of its own."""
