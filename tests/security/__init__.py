"""Regressions of an attack on the review: ways that once led to a false green, a lost finding or a hang."""
