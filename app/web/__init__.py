"""The web process: takes webhooks in, answers fast, calls nobody but Redis."""
