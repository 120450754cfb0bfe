"""What outlives a sandbox, beside a runner's workspaces, for tests that make a `Runner` themselves."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from app.adapters.sandbox.files.environments import Environments
from app.adapters.sandbox.files.kept import KeptWorkspaces
from app.adapters.sandbox.files.shelf import Retention, Shelf
from app.adapters.sandbox.files.workspaces import Claim

LONG = Retention(seconds=3600, bytes=1 << 30)


@contextlib.contextmanager
def kept_in(
    claim: Claim, retention: Retention = LONG, clock: Callable[[], float] | None = None
) -> Iterator[KeptWorkspaces]:
    with contextlib.closing(shelf(claim, "kept", retention, clock)) as kept:
        yield KeptWorkspaces(claim, kept)


@contextlib.contextmanager
def environments_in(
    claim: Claim, retention: Retention = LONG, clock: Callable[[], float] | None = None
) -> Iterator[Environments]:
    with contextlib.closing(shelf(claim, "environments", retention, clock)) as made:
        yield Environments(claim, made)


def shelf(claim: Claim, name: str, retention: Retention, clock: Callable[[], float] | None) -> Shelf:
    return Shelf(claim, name, retention) if clock is None else Shelf(claim, name, retention, clock=clock)
