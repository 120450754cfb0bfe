"""What CI says of a commit, read and never written."""

from __future__ import annotations

from typing import Protocol

from app.domain.fix.ci import FailedCheck
from app.domain.pull_request import Sha
from app.ports.github import Place


class FailingChecks(Protocol):
    """The checks of others that failed."""

    async def read(self, place: Place, head: Sha) -> tuple[FailedCheck, ...]:
        """The newest of each name, if it failed, with what it says. Never raises a GitHubError: what could not be read
        is told in a note, or by a check that is not `known`.
        """
        ...
