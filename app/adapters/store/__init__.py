"""Redis: the ledger of jobs, the outbox of writes, the bells that wake arq's workers."""
