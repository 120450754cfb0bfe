"""Whatever a model server answers, at whatever task: never a pass, always a reason or a time, and no finding lost."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from app.domain.coverage import Reviewed, Unreviewed
from app.domain.findings import Evidence
from app.domain.pull_request import Sha
from app.domain.tiers import Tier
from app.domain.verdict import Blocked, Incomplete, Passed
from app.usecases.review.around import Around
from app.usecases.review.examination import Examined
from tests.build import BASE, HEAD
from tests.fakes.model import (
    Answer,
    Behaviour,
    CutOff,
    Drip,
    Empty,
    Failed,
    FakeModel,
    Hang,
    Html,
    Malformed,
    RateLimited,
    Raw,
    Redirect,
    Refusal,
    Rejected,
    Reply,
    Reviewer,
    Seen,
    ServerError,
    ToolCall,
)
from tests.usecases.review.scene import CORE, LIGHT, LIMITS, NEXT, NOW, STANDARD, NoCommands, Scene, over_http

SOON = timedelta(minutes=5)
BUG = {"len(items)": {"title": "Division by zero", "severity": "P1", "body": "`price([])` fails."}}
CODE = "def price(items):\n    return sum(items) / len(items)\n"
LOOK = ToolCall("list", {"path": ""})


@dataclass(frozen=True)
class Trouble:
    """What is answered for ever; words of the reason that people read; when it is tried again, if it is."""

    reply: Reply
    told: str
    again: timedelta | None = None


KINDS: Mapping[str, Trouble] = {
    "garbage": Trouble(Malformed(), "unusable twice"),
    "another object": Trouble(Answer({"verdict": "pass", "gates": []}), "unusable twice"),
    "nothing at all": Trouble(Empty(), "did not answer", SOON),
    "an empty message": Trouble(Empty(message=True), "did not answer", SOON),
    "a refusal": Trouble(Refusal("I will not"), "refused to review"),
    "half an answer": Trouble(CutOff('{"findings": ['), "cut off"),
    "only thoughts": Trouble(CutOff(""), "cut off"),
    "filtered": Trouble(CutOff("", reason="content_filter"), "refused to review"),
    "a login page": Trouble(Html(), "did not answer", SOON),
    "bytes": Trouble(Raw(b"\x00\xff\x00"), "did not answer", SOON),
    "JSON of something else": Trouble(Raw('{"ok": true}'), "did not answer", SOON),
    "tool calls for ever": Trouble(Answer(tool_calls=(LOOK,)), "unusable twice"),
    "malformed tool calls": Trouble(Answer(tool_calls=(ToolCall("list", '{"path": '),)), "unusable twice"),
    "unknown tools": Trouble(Answer(tool_calls=(ToolCall("merge", {"now": True}),)), "unusable twice"),
    "a rate limit": Trouble(RateLimited(600), "did not answer", timedelta(seconds=600)),
    "a server error": Trouble(ServerError(500), "did not answer", SOON),
    "an overload": Trouble(ServerError(503), "did not answer", SOON),
    "a failed answer": Trouble(Failed(), "did not answer", SOON),
    "a redirect": Trouble(Redirect("http://elsewhere.test/"), "the model"),
    "a wrong key": Trouble(Rejected(401, "who are you"), "refused the request"),
    "a wrong request": Trouble(Rejected(), "refused the request"),
    "a full context": Trouble(
        Rejected(400, "maximum context length is 10 tokens", code="context_length_exceeded"), "does not fit"
    ),
}
SLOW: Mapping[str, Reply] = {"hang": Hang(), "drip": Drip(60, Answer({}))}


@dataclass(frozen=True)
class Place:
    """A change, and the task at which things go wrong there. `paths` are what nobody then has covered."""

    task: str
    files: tuple[str, ...]
    paths: tuple[str, ...]


PLACES = {
    "a light reviewer": Place("review", (LIGHT,), (LIGHT,)),
    "a reviewer": Place("review", (STANDARD,), (STANDARD,)),
    "a core reviewer": Place("review", (CORE,), (CORE,)),
    "the blind security reviewer": Place("security", (CORE,), (CORE,)),
    "the look across": Place("across", (STANDARD, CORE), (STANDARD, CORE)),
    "a judge": Place("judge", (STANDARD,), (STANDARD,)),
    "the prover": Place("prove", (CORE,), ()),
}


@dataclass(frozen=True)
class At:
    """Answers badly at one task, by the model's name, and well everywhere else. `late`: after a call of a tool."""

    task: str
    replies: Mapping[str, Reply]
    well: Behaviour
    late: bool = False

    def __call__(self, seen: Seen) -> Reply:
        kind = seen.model.rpartition("/")[0]
        if seen.task != self.task or kind not in self.replies:
            return self.well(seen)
        if self.late and seen.turn == 0 and "list" in seen.tool_names:
            return Answer(tool_calls=(LOOK,))
        return self.replies[kind]


def files(place: Place) -> dict[Sha, dict[str, bytes]]:
    """Only a judge and a prover need a bug."""
    text = CODE if place.task in {"judge", "prove"} else "one: 1\n"
    return {BASE: {}, HEAD: {path: text.encode() for path in place.files}}


async def examined(server: FakeModel, place: Place, kinds: Mapping[str, object], **limits: float) -> list[Examined]:
    """One examination for each kind of trouble, side by side."""
    async with over_http(server) as model:
        scenes = [
            Scene(
                model,
                files(place),
                limits=replace(LIMITS, **limits),  # type: ignore[arg-type]
                sandboxes=NoCommands() if place.task == "prove" else None,
                names=(f"{kind}/fast", f"{kind}/main", f"{kind}/deep"),
            )
            for kind in kinds
        ]
        return list(await asyncio.gather(*(scene.examine() for scene in scenes)))


def unreviewed(result: Examined) -> dict[str, str]:
    return {e.path: e.coverage.reason for e in result.report.ledger.entries if isinstance(e.coverage, Unreviewed)}


@pytest.mark.parametrize("late", [False, True], ids=["at once", "after a tool"])
@pytest.mark.parametrize("where", [name for name in PLACES if name != "the prover"])
async def test_a_task_without_an_answer_leaves_its_files_uncovered_with_a_reason(
    model: FakeModel, where: str, late: bool
) -> None:
    place = PLACES[where]
    model.behaviour = At(place.task, {kind: one.reply for kind, one in KINDS.items()}, Reviewer(BUG), late)
    for (kind, trouble), result in zip(KINDS.items(), await examined(model, place, KINDS), strict=True):
        missing = unreviewed(result)
        assert missing.keys() == set(place.paths), kind
        assert all(trouble.told in reason for reason in missing.values()), (kind, missing)
        assert isinstance(result.report.verdict, Incomplete), kind
        assert trouble.told in result.report.model_note, kind
        again = None if trouble.again is None else NOW + trouble.again
        assert (result.retry_at, result.report.verdict.retry_at) == (again, again), kind
        assert result.report.findings == (), kind
        assert {entry.path for entry in result.past.entries if entry.tier is not Tier.SKIP} == set(), kind


@pytest.mark.parametrize("late", [False, True], ids=["at once", "after a tool"])
async def test_a_finding_whose_prover_has_no_answer_stands_without_a_proof(model: FakeModel, late: bool) -> None:
    place = PLACES["the prover"]
    model.behaviour = At("prove", {kind: one.reply for kind, one in KINDS.items()}, Reviewer(BUG), late)
    for (kind, trouble), result in zip(KINDS.items(), await examined(model, place, KINDS), strict=True):
        (finding,) = result.report.findings
        assert (finding.evidence, finding.proof) == (Evidence.REASONED, None), kind
        assert isinstance(result.report.verdict, Blocked), kind
        assert any(finding.id in note and trouble.told in note for note in result.report.notes), (
            kind,
            result.report.notes,
        )
        assert result.retry_at is None, kind


async def test_an_open_finding_whose_recheck_has_no_answer_stays_open_and_its_file_uncovered(model: FakeModel) -> None:
    model.behaviour = Reviewer(BUG)
    commits = {**files(PLACES["a judge"]), NEXT: {STANDARD: (CODE + "\n\nprices = []\n").encode()}}
    async with over_http(model) as client:
        first = await Scene(client, commits).examine()
        blind: Behaviour = Reviewer({})
        model.behaviour = At("judge", {kind: one.reply for kind, one in KINDS.items()}, blind)
        scenes = [Scene(client, commits, names=(f"{k}/fast", f"{k}/main", f"{k}/deep")) for k in KINDS]
        results = await asyncio.gather(*(one.examine(NEXT, around=Around(past=first.past)) for one in scenes))

    (before,) = first.report.findings
    for (kind, trouble), result in zip(KINDS.items(), results, strict=True):
        assert [finding.id for finding in result.report.findings] == [before.id], kind
        assert isinstance(result.report.verdict, Blocked), kind
        assert trouble.told in unreviewed(result)[STANDARD], kind
        assert result.report.fixed == (), kind


async def test_a_model_that_never_ends_its_answer_is_left_at_every_task(model: FakeModel) -> None:
    """All tasks at once, since each waits for its time to be over."""
    bad = {f"{where} {how}": (place, reply) for where, place in PLACES.items() for how, reply in SLOW.items()}
    ats = {name: At(place.task, {name: reply}, Reviewer(BUG)) for name, (place, reply) in bad.items()}
    model.behaviour = lambda seen: ats[seen.model.rpartition("/")[0]](seen)
    runs = (examined(model, place, [name], call_seconds=2.0) for name, (place, _) in bad.items())  # type: ignore[arg-type]
    results = dict(zip(bad, await asyncio.gather(*runs), strict=True))

    for name, (result,) in results.items():
        report = result.report
        assert not isinstance(report.verdict, Passed), name
        assert report.findings or unreviewed(result), name
        assert result.retry_at is not None or any("did not answer" in note for note in report.notes), name


async def test_a_task_that_goes_on_for_ever_is_ended_by_its_clock(model: FakeModel) -> None:
    model.behaviour = lambda seen: Hang() if seen.turn else Answer(tool_calls=(LOOK,))
    (result,) = await examined(model, PLACES["a reviewer"], {"x": None}, seconds=1.0)

    assert unreviewed(result) == {STANDARD: "the model did not finish within 1 seconds"}
    assert (result.retry_at, result.report.verdict) == (None, result.report.verdict)


async def test_where_nothing_goes_wrong_each_of_these_changes_passes(model: FakeModel) -> None:
    """Else the table would hold of reviews that can never pass."""
    for place in PLACES.values():
        model.behaviour = Reviewer({})
        (result,) = await examined(model, place, {"well": None})
        assert isinstance(result.report.verdict, Passed)
        assert all(isinstance(entry.coverage, Reviewed) for entry in result.report.ledger.entries)
