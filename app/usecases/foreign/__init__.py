"""Checks under our names that somebody else set. No model is asked."""
