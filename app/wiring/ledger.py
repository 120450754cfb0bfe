"""The ledger's options, from the settings: the web process and the workers must have the same."""

from __future__ import annotations

from app.adapters.store.ledger import LedgerOptions
from app.settings import Settings

_HOUR = 3600
_DAY = 24 * _HOUR


def ledger_options(settings: Settings) -> LedgerOptions:
    jobs = settings.jobs
    return LedgerOptions(
        debounce_ms=round(jobs.debounce_seconds * 1000),
        per_repository=jobs.per_repository,
        per_installation=jobs.per_installation,
        keep_deliveries_seconds=round(jobs.keep_deliveries_hours * _HOUR),
        keep_rows_seconds=round(jobs.keep_rows_days * _DAY),
    )


def keep_runs_seconds(settings: Settings) -> int:
    """How long the record of a run is kept."""
    return round(settings.jobs.keep_runs_days * _DAY)
