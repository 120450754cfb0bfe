"""Reviewing one pull request: gather once, examine, decide, publish once."""
