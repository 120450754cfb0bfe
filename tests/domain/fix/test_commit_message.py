"""The message of a fixing commit: made by a template, and known again only when it is exactly that."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.github import histories
from app.domain.fix.commit_message import FixTrailers, commit_message, trailers_of

RUN = "0123456789abcdef"
ONE, TWO = "F00000000a", "Fabcdef012"

MESSAGES = {
    "one finding": (
        commit_message(run=RUN, requester=7, findings=[ONE]),
        (
            f"fix: address review finding {ONE}\n\nRevwright-Run: {RUN}\nRevwright-Requested-By: 7\n"
            f"Revwright-Findings: {ONE}\n"
        ),
        FixTrailers(RUN, 7, (ONE,)),
    ),
    "two findings": (
        commit_message(run=RUN, requester=7, findings=[ONE, TWO], comment=99),
        (
            f"fix: address 2 review findings\n\nRevwright-Run: {RUN}\nRevwright-Requested-By: 7\n"
            f"Revwright-Findings: {ONE} {TWO}\n"
        ),
        FixTrailers(RUN, 7, (ONE, TWO)),
    ),
    "free text": (
        commit_message(run=RUN, requester=583231, comment=99),
        f"fix: as asked in comment 99\n\nRevwright-Run: {RUN}\nRevwright-Requested-By: 583231\n",
        FixTrailers(RUN, 583231),
    ),
    "a button": (
        commit_message(run=RUN, requester=7),
        f"fix: as asked\n\nRevwright-Run: {RUN}\nRevwright-Requested-By: 7\n",
        FixTrailers(RUN, 7),
    ),
}


@pytest.mark.parametrize(("message", "expected", "trailers"), MESSAGES.values(), ids=MESSAGES)
def test_a_message(message: str, expected: str, trailers: FixTrailers) -> None:
    assert message == expected
    assert trailers_of(message) == trailers_of(message.rstrip("\n")) == trailers


@pytest.mark.parametrize("message", [message for message, _, _ in MESSAGES.values()])
def test_the_gate_reads_who_asked(message: str) -> None:
    trailers = trailers_of(message)

    assert trailers is not None
    assert histories._REQUESTED_BY.findall(message) == [str(trailers.requester)]


@pytest.mark.parametrize("message", [message for message, _, _ in MESSAGES.values()])
def test_nothing_in_it_does_anything_at_github(message: str) -> None:
    """No skipped checks, no closed issues, nobody who is told or credited."""
    loud = (
        r"(?i)\[?skip[ -]|no ci|#\d|\b(?:close|fixe|resolve)[sd]?\b|\bfix [^a]|@|signed-off-by|co-authored-by|https?:"
    )

    assert re.search(loud, message) is None


NO_IDS: dict[str, tuple[dict[str, object], str]] = {
    "run": ({"run": "0123\n[skip ci]"}, "not the id of a run"),
    "run that is too long": ({"run": RUN + "0"}, "not the id of a run"),
    "requester": ({"requester": 0}, "not the id of an account"),
    "negative requester": ({"requester": -7}, "not the id of an account"),
    "finding": ({"findings": [ONE, "Fixes #1"]}, "not the id of a finding: 'Fixes #1'"),
    "finding with a line feed": ({"findings": [f"{ONE}\n"]}, "not the id of a finding"),
    "finding twice": ({"findings": [ONE, ONE]}, "each finding once, and at most 100: 2 given"),
    "too many findings": ({"findings": [f"F{n:09x}" for n in range(101)]}, "at most 100: 101 given"),
    "comment": ({"comment": 0}, "not the id of a comment"),
}


@pytest.mark.parametrize(("changed", "words"), NO_IDS.values(), ids=NO_IDS)
def test_what_is_no_id_is_refused(changed: dict[str, object], words: str) -> None:
    asked: dict[str, object] = {"run": RUN, "requester": 7} | changed

    with pytest.raises(ValueError, match=words):
        commit_message(**asked)  # type: ignore[arg-type]


OURS = MESSAGES["two findings"][0]
NOT_OURS = {
    "empty": "",
    "another subject": OURS.replace("fix: address", "fix: addresses"),
    "another count": OURS.replace("address 2", "address 3"),
    "the wrong subject for one": MESSAGES["one finding"][0].replace("address review finding " + ONE, "as asked"),
    "another finding": MESSAGES["one finding"][0].replace(ONE, TWO, 1),
    "no requester": OURS.replace("Revwright-Requested-By: 7\n", ""),
    "requester twice": OURS.replace("Revwright-Findings", "Revwright-Requested-By: 8\nRevwright-Findings"),
    "more text": OURS + "Signed-off-by: Bob\n",
    "more empty lines": OURS + "\n",
    "text before": "Bob says\n\n" + OURS,
    "the same finding twice": OURS.replace(TWO, ONE),
    "windows line ends": OURS.replace("\n", "\r\n"),
    "other digits": OURS.replace("By: 7", "By: \u0667"),
}


@pytest.mark.parametrize("message", NOT_OURS.values(), ids=NOT_OURS)
def test_a_message_that_is_not_ours(message: str) -> None:
    assert trailers_of(message) is None


@given(
    st.from_regex(r"[0-9a-f]{16}", fullmatch=True),
    st.integers(1, 10**18),
    st.lists(st.from_regex(r"F[0-9a-f]{9}", fullmatch=True), unique=True, max_size=100),
    st.none() | st.integers(1, 10**18),
)
def test_what_is_written_is_read(run: str, requester: int, findings: list[str], comment: int | None) -> None:
    message = commit_message(run=run, requester=requester, findings=findings, comment=comment)

    assert trailers_of(message) == FixTrailers(run, requester, tuple(findings))
