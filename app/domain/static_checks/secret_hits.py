"""Reports secrets in added lines, by kind and place, never by value."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from app.domain.diff import FileDiff
from app.domain.severity import Severity
from app.domain.static_checks.hit import StaticHit
from app.domain.static_checks.secret_kinds import SecretKind
from app.domain.static_checks.secret_redaction import find_secrets

RULE_ID = "security/secret"

_SAMPLES = re.compile(
    r"(?:^|/)(?:(?:__)?tests?(?:__)?|testing|testdata|specs?|fixtures?|mocks?|examples?|samples?|docs?)/"
    r"|(?:^|/)(?:test_|conftest)[^/]*$"
    r"|[._-](?:tests?|spec|example|sample|template|dist)(?:\.[a-z]{1,5})?$"
    r"|\.(?:md|rst|adoc|txt)$",
    re.IGNORECASE,
)


def check(path: str, diff: FileDiff) -> Iterator[StaticHit]:
    """One hit for each line and kind, where the secret begins; a key of many lines counts once."""
    samples = _SAMPLES.search(path) is not None
    for number, kind in dict.fromkeys(_found(diff)):
        if not (samples and kind.often_a_sample):
            yield _hit(path, number, kind)


def secrets_in(diff: FileDiff) -> Iterator[tuple[int, str]]:
    """The line on which each secret of the added lines begins, and the title of a hit that tells of it."""
    return ((number, _title(kind)) for number, kind in _found(diff))


def _found(diff: FileDiff) -> Iterator[tuple[int, SecretKind]]:
    added = [line for line in diff.added_lines() if line.new_number is not None]
    starts: list[int] = []
    length = 0
    for line in added:
        starts.append(length)
        length += len(line.text) + 1
    for secret in find_secrets("\n".join(line.text for line in added)):
        yield added[bisect_right(starts, secret.start) - 1].new_number or 1, secret.kind


def _title(kind: SecretKind) -> str:
    return f"Secret in the change: {kind.name}"


def _hit(path: str, number: int, kind: SecretKind) -> StaticHit:
    return StaticHit(
        line=number,
        rule_id=RULE_ID,
        path=path,
        severity=Severity.P0,
        title=_title(kind),
        body="Everyone who can read this repository can read the secret, and taking the line out again "
        "leaves it in the history. Revoke it where it was issued, then read its successor from the environment or a "
        "secret store.",
    )
