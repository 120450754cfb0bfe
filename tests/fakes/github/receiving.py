"""Pushes over HTTP: what they ask for, whether GitHub lets it happen, and how it says no.

Formats: https://git-scm.com/docs/protocol-common and https://git-scm.com/docs/gitprotocol-pack ("Report Status").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.fakes.github import workflows
from tests.fakes.github.render.repositories import is_protected

if TYPE_CHECKING:
    from tests.fakes.github.auth import Actor
    from tests.fakes.github.repository import Repository

_FLUSH: Final = b"0000"
_HEADS: Final = "refs/heads/"
_REPORT, _SAID = b"\1", b"\2"


@dataclass(frozen=True, slots=True)
class Command:
    """One ref that a push wants to move."""

    old: str
    new: str
    ref: str

    @property
    def branch(self) -> str:
        """The name of the branch; of another ref, all of it."""
        return self.ref.removeprefix(_HEADS)


def commands(body: bytes) -> list[Command]:
    """What a push asks for; the pack follows."""
    found = []
    for line in _packets(body):
        old, new, ref = line.partition(b"\0")[0].decode().rstrip("\n").split(" ", 2)
        found.append(Command(old, new, ref))
    return found


def may_edit(actor: Actor, fork: Repository) -> list[str]:
    """The branches of a fork that somebody may push to who has no rights there: those of pull requests that let the
    maintainers of their base edit them.
    """
    pulls = (pull for other in fork.fake.repositories.values() for pull in other.pulls.values())
    return [
        pull.head_ref
        for pull in pulls
        if pull.state == "open"
        and pull.head_repo is fork
        and pull.maintainer_can_modify
        and actor.may(pull.repository, "contents", "write")
    ]


def refused(asked: list[Command], actor: Actor, repository: Repository) -> bytes | None:
    """GitHub's answer to a push that it does not let happen; nothing when git may decide."""
    only = None if actor.may(repository, "contents", "write") else may_edit(actor, repository)
    told: dict[str, tuple[str, str]] = {}
    for one in asked:
        if only is not None and one.branch not in only:
            told[one.ref] = ("permission denied", "")
        elif one.ref.startswith(_HEADS) and is_protected(repository, one.branch):
            said = f"error: GH006: Protected branch update failed for {one.ref}."
            told[one.ref] = ("protected branch hook declined", said)
    if not told:
        return None
    reasons = {one.ref: told.get(one.ref, ("atomic transaction failed", ""))[0] for one in asked}
    return _answer(reasons, [said for _, said in told.values() if said])


def in_githubs_words(answer: bytes) -> bytes:
    """Git's answer to a push whose hook found a workflow: GitHub gives the hook's words as the reason."""
    packets = list(_packets(answer))
    said = b"".join(packet[1:] for packet in packets if packet[:1] == _SAID).decode().split("\n")
    words = next((line for line in said if line.startswith(workflows.REFUSING)), None)
    if words is None:
        return answer
    report = b"".join(packet[1:] for packet in packets if packet[:1] == _REPORT)
    refs = [line.decode().split(" ")[1] for line in _packets(report) if line.startswith(b"ng ")]
    return _answer(dict.fromkeys(refs, words), [])


def _answer(reasons: dict[str, str], said: list[str]) -> bytes:
    lines = ["unpack ok\n", *(f"ng {ref} {reason}\n" for ref, reason in reasons.items())]
    report = b"".join(_packet(line.encode()) for line in lines) + _FLUSH
    spoken = b"".join(_packet(_SAID + f"{line}\n".encode()) for line in said)
    return spoken + _packet(_REPORT + report) + _FLUSH


def _packet(data: bytes) -> bytes:
    return b"%04x" % (len(data) + len(_FLUSH)) + data


def _packets(data: bytes) -> Iterator[bytes]:
    """The packets up to the first flush."""
    at = 0
    while data[at : at + 4] not in (_FLUSH, b""):
        length = int(data[at : at + 4], 16)
        yield data[at + 4 : at + length]
        at += length
