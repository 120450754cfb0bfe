"""The probes, one module for each group."""
