"""Where transcripts of fixes are kept, for the workers that write them and the command that shows them."""

from __future__ import annotations

from redis.asyncio import Redis

from app.adapters.store.transcripts import RedisTranscripts
from app.settings import Settings
from app.wiring.ledger import keep_runs_seconds
from app.wiring.own_key import own_key

_MB = 1024 * 1024


def transcripts_store(settings: Settings, redis: Redis) -> RedisTranscripts:
    """Raises SettingsInvalid where the App's settings are not given: its private key seals them."""
    return RedisTranscripts(
        redis,
        key=own_key(settings.need_github().private_key.expose(), "transcripts"),
        most_bytes=settings.jobs.transcripts_mb * _MB,
        keep_seconds=keep_runs_seconds(settings),
    )
