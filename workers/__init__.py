"""The worker process: arq wakes it, the ledger tells it what is wanted, a use case does it."""
