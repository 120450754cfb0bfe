"""The `revwright` command."""
