"""The runner, which starts sandboxes and holds nothing worth stealing, and how a worker talks to it."""
