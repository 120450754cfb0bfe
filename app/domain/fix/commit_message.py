"""The message of a commit that fixes something: a fixed template, in which nothing is a model's or a pull request's.

The trailers say who asked, in which run and for which findings. The gate reads `Revwright-Requested-By` of every commit
of a pull request, whoever wrote it: there it can only take an approval away. `trailers_of` is for telling our own
commits apart, and anybody can write the same lines: they count only together with the commit's author, which is to be
compared by id, and are never anybody's authority for anything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_FINDINGS = 100
"""So many findings are named."""

_RUN, _REQUESTED_BY, _FINDINGS = "Revwright-Run", "Revwright-Requested-By", "Revwright-Findings"

_RUN_ID = re.compile(r"[0-9a-f]{16}")
_FINDING_ID = re.compile(r"F[0-9a-f]{9}")
_ID = re.compile(r"[1-9][0-9]{0,18}")
_MESSAGE = re.compile(
    r"(?P<subject>fix: (?:"
    r"address review finding (?P<one>F[0-9a-f]{9})|address (?P<count>[1-9][0-9]{0,2}) review findings"
    r"|as asked in comment (?P<comment>[1-9][0-9]{0,18})|as asked)"
    r")\n\n"
    rf"{_RUN}: (?P<run>[0-9a-f]{{16}})\n"
    rf"{_REQUESTED_BY}: (?P<requester>[1-9][0-9]{{0,18}})\n"
    rf"(?:{_FINDINGS}: (?P<findings>F[0-9a-f]{{9}}(?: F[0-9a-f]{{9}})*)\n)?"
)


@dataclass(frozen=True, slots=True)
class FixTrailers:
    """What the trailers of one of our commits say. ValueError for what is no id, and for too many findings."""

    run: str
    """16 hexadecimal digits."""
    requester: int
    """The account id of who asked. The login is left out: it may change hands, and the gate reads an id alone."""
    findings: tuple[str, ...] = ()
    """Ids, each once."""

    def __post_init__(self) -> None:
        if not _RUN_ID.fullmatch(self.run):
            raise ValueError(f"not the id of a run: {self.run!r}")
        if not _ID.fullmatch(str(self.requester)):
            raise ValueError(f"not the id of an account: {self.requester!r}")
        if wrong := [one for one in self.findings if not _FINDING_ID.fullmatch(one)]:
            raise ValueError(f"not the id of a finding: {wrong[0]!r}")
        if len(set(self.findings)) < len(self.findings) or len(self.findings) > MAX_FINDINGS:
            raise ValueError(
                f"a commit names each finding once, and at most {MAX_FINDINGS}: {len(self.findings)} given"
            )


def commit_message(*, run: str, requester: int, findings: Sequence[str] = (), comment: int | None = None) -> str:
    """The whole message. `comment` is the id of the comment in which free text was asked for: it is named where no
    finding is. ValueError for what is no id.
    """
    trailers = FixTrailers(run, requester, tuple(findings))
    if comment is not None and not _ID.fullmatch(str(comment)):
        raise ValueError(f"not the id of a comment: {comment!r}")
    lines = [_subject(trailers.findings, comment), "", f"{_RUN}: {run}", f"{_REQUESTED_BY}: {requester}"]
    if trailers.findings:
        lines.append(f"{_FINDINGS}: {' '.join(trailers.findings)}")
    return "\n".join(lines) + "\n"


def _subject(findings: Sequence[str], comment: int | None) -> str:
    if len(findings) == 1:
        return f"fix: address review finding {findings[0]}"
    if findings:
        return f"fix: address {len(findings)} review findings"
    return "fix: as asked" if comment is None else f"fix: as asked in comment {comment}"


def trailers_of(message: str) -> FixTrailers | None:
    """What a message of ours says, with or without the line feed at its end; None for any other, even a slightly other.

    Never enough to know our commit by: see above.
    """
    match = _MESSAGE.fullmatch(message if message.endswith("\n") else f"{message}\n")
    if match is None:
        return None
    findings = tuple((match["findings"] or "").split())
    comment = match["comment"]
    if match["subject"] != _subject(findings, None if comment is None else int(comment)):
        return None
    try:
        return FixTrailers(match["run"], int(match["requester"]), findings)
    except ValueError:
        return None
