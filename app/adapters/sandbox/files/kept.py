"""Workspaces that are kept from one sandbox to the next: one for each owner, and nobody else's.

Who takes one moves it away, and it comes back only by being kept again. So what was in use when a sandbox was
cancelled, broke, or died with its runner is not there any more, and no two sandboxes ever have the same.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

from app.adapters.sandbox.files.shelf import Shelf, read_told
from app.adapters.sandbox.files.workspace import Workspace
from app.adapters.sandbox.files.workspaces import Claim
from app.adapters.sandbox.usage import Usage

_TREE = b"tree"


@dataclass(slots=True)
class Ticket:
    """One sandbox whose workspace may be kept. Digests stand for the owner, and for what the workspace has in it."""

    owner: str
    state: str
    forgotten: bool = False

    @property
    def name(self) -> str:
        """Of the entry."""
        return f"{self.owner}-{self.state}"


class KeptWorkspaces:
    """Calls block, and may be made from several threads."""

    def __init__(self, claim: Claim, shelf: Shelf) -> None:
        self._claim = claim
        self._shelf = shelf
        self._lock = threading.Lock()
        self._tickets: list[Ticket] = []

    def begin(self, owner: str, state: str) -> Ticket:
        """From now on `forget` also concerns this sandbox. Give it back with `end`."""
        ticket = Ticket(owner, state)
        with self._lock:
            self._tickets.append(ticket)
        return ticket

    def end(self, ticket: Ticket) -> None:
        """The sandbox is over."""
        with self._lock:
            self._tickets = [each for each in self._tickets if each is not ticket]

    def take(self, ticket: Ticket) -> tuple[Workspace, bool] | None:
        """The owner's workspace in this state, and whether it has a repository; None when there is none.

        What the owner has in another state is removed.
        """
        taken = self._taken(ticket.name)
        self._remove(ticket.owner)
        return taken

    def _taken(self, name: str) -> tuple[Workspace, bool] | None:
        fd = self._shelf.open(name)
        if fd is None:
            return None
        try:
            told = read_told(fd)
            if told is None:
                return None
            return self._claim.adopt(fd, _TREE), told.get("git") is True
        except OSError:  # somebody else took it, or it cannot be opened
            return None
        finally:
            os.close(fd)

    def put(self, ticket: Ticket, workspace: Workspace, *, git: bool, usage: Usage) -> bool:
        """Keep it, in place of whatever the owner has. False when the owner was forgotten meanwhile. OSError."""
        if ticket.forgotten:
            return False
        draft = self._claim.draft()
        try:
            workspace.move(draft.fd, _TREE)
            self._remove(ticket.owner)
            with self._lock:
                if not ticket.forgotten:
                    self._shelf.put(draft, ticket.name, {"bytes": usage.bytes, "files": usage.files, "git": git})
            return not ticket.forgotten
        finally:
            draft.close()
            self._claim.discard(draft.parent, os.fsdecode(draft.name))  # of one that was not put away

    def forget(self, owner: str) -> tuple[str, ...]:
        """Remove what is kept of an owner, and keep nothing of what is in use. In words what could not be removed."""
        with self._lock:
            for ticket in self._tickets:
                if ticket.owner == owner:
                    ticket.forgotten = True
        return self._remove(owner)

    def clean(self) -> tuple[str, ...]:
        """See Shelf.clean."""
        return self._shelf.clean()

    def _remove(self, owner: str) -> tuple[str, ...]:
        names = [name for name in self._shelf.names() if name.startswith(f"{owner}-")]
        return tuple(words for name in names if (words := self._shelf.remove(name)) is not None)
