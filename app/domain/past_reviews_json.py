"""A past review as JSON and back, strictly: what does not have exactly the expected shape is refused.

A new field with a default does no
harm to what is kept already; any other change of shape or meaning raises `VERSION`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from app.domain.memory import FindingState, KnownFinding, PastReview
from app.domain.plain_values import built, plain, refuse_constant

VERSION = 1
_STEPS = 8
_MAX_BODY = 500


def encode(past: PastReview) -> bytes:
    """ASCII; the reverse of `decode`."""
    return json.dumps({"version": VERSION, "past": plain(past)}, separators=(",", ":"), allow_nan=False).encode("ascii")


def decode(data: bytes) -> PastReview:
    """ValueError says what is wrong, and where."""
    try:
        found: object = json.loads(data, parse_constant=refuse_constant)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(found, dict) or found.keys() != {"version", "past"} or found["version"] != VERSION:
        raise ValueError(f"not a past review of version {VERSION}: {data[:40]!r}")
    past = built(PastReview, found["past"], "")
    assert isinstance(past, PastReview)  # for the type checker: built makes what it is told to
    return past


def lessened(past: PastReview) -> Iterator[PastReview]:
    """The same with less and less in it, for where room is short: first without the review before, then without the
    oldest closed findings, then without what was covered (which costs another look), then with shorter words of open
    findings. An open finding is never left out.
    """
    if past.unpublished is not None:
        past = replace(past, unpublished=None)
        yield past
    closed = [one for one in past.findings if one.state is not FindingState.OPEN]
    if closed:
        for step in range(1, _STEPS + 1):
            gone = {id(one) for one in closed[: -(-len(closed) * step // _STEPS)]}
            yield replace(past, findings=tuple(one for one in past.findings if id(one) not in gone))
    only_open = tuple(one for one in past.findings if one.state is FindingState.OPEN)
    past = replace(past, findings=only_open, entries=())
    yield past
    yield replace(past, findings=tuple(_shortened(one) for one in only_open), walkthrough="")


def _shortened(known: KnownFinding) -> KnownFinding:
    finding = known.finding
    body, case = finding.body[:_MAX_BODY], finding.failing_case[:_MAX_BODY]
    return replace(known, finding=replace(finding, body=body, failing_case=case, suggestion=None, proof=None))
