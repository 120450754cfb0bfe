"""The keys of receipts and what signs with them, from the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.adapters.signing.directory import DIRECTORY, KeyDirectory
from app.adapters.signing.ed25519 import SigningKey
from app.adapters.signing.signer import KeySigner
from app.adapters.store.receipts import RedisReceipts
from app.ports import Receipts, Runs
from app.settings import Settings
from app.wiring.runs import open_runs_redis


@dataclass(frozen=True, slots=True)
class ReceiptServices:
    receipts: Receipts
    runs: Runs


def key_directory(settings: Settings) -> KeyDirectory:
    return KeyDirectory(settings.data_dir / DIRECTORY)


def key_signer(settings: Settings) -> KeySigner:
    """With the key of the settings, if there is one."""
    given = settings.receipt_key
    return KeySigner(key_directory(settings), SigningKey.parse(given.expose()) if given is not None else None)


@asynccontextmanager
async def open_receipt_services(settings: Settings) -> AsyncIterator[ReceiptServices]:
    """As `open_runs_services` finds its server. Raises SettingsInvalid."""
    async with open_runs_redis(settings) as (pool, runs):
        yield ReceiptServices(RedisReceipts(pool), runs)
