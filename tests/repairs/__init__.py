"""Bugs of real projects with the tests that their authors wrote for them: data, and the module that reads it."""
