"""What finds deliveries that never reached us."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Protocol

from app.domain.missed import HookDelivery, KnownRepository, OpenPullRequest


class HookDeliveries(Protocol):
    """GitHub's log of the App's webhook deliveries; GitHub keeps it for three days."""

    def list(self, since: datetime) -> AsyncIterator[HookDelivery]:
        """Attempts made at `since` or later, newest first, as many as the adapter's limit allows.

        Raises GitHubRefused with status 404 where there is no such log.
        """
        ...

    async def payload(self, id_: int) -> bytes | None:
        """What the attempt carried, as canonical JSON; None when GitHub does not have it any more."""
        ...


class Marks(Protocol):
    """How far the log of deliveries was read. Every call raises LedgerUnavailable when Redis can not answer."""

    async def scanned_until(self) -> datetime | None:
        """Everything before this time was read; None when nothing is known."""
        ...

    async def scanned(self, until: datetime) -> None:
        """Remembers that everything before `until` was read."""
        ...

    async def claim(self, turn: timedelta) -> bool:
        """True for one caller only until `turn` has passed."""
        ...


class KnownRepositories(Protocol):
    """The repositories of which a delivery was ever accepted, and when each is to be compared with GitHub next.

    Every call raises LedgerUnavailable when Redis can not answer.
    """

    async def claim(self, most: int) -> tuple[KnownRepository, ...]:
        """At most `most` repositories that are due. Each is handed out once: its next turn is set in the same step."""
        ...

    async def put_off(self, repository: KnownRepository, until: datetime) -> None:
        """Sets the next turn, unless the repository was forgotten meanwhile."""
        ...

    async def forget(self, repository: KnownRepository) -> None:
        """The repository is not ours any more; the next accepted delivery brings it back."""
        ...


class OpenPullRequests(Protocol):
    """Which pull requests of a repository are open."""

    def list(self, repository: KnownRepository) -> AsyncIterator[OpenPullRequest]:
        """Most recently updated first, as many as the adapter's limit allows."""
