"""What is fixed, and what a fix may be, as values."""
