"""The test suite; see tests/world.py for the harness of the stories."""
