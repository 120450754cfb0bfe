"""Runs one command in a sandbox to the death of all that it started, under limits that name themselves."""
