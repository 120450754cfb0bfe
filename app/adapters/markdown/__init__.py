"""Reads Markdown as GitHub does, as far as it decides what was said to us."""
