"""Workspaces on disk, by descriptors and never through a link: filled, read, changed, walked, measured and removed."""
