"""Builds domain values for tests from little text, with defaults that make sense."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.domain.diff import DiffLine, FileDiff, Hunk, LineKind
from app.domain.entries import Entry, Kind, Side, Status
from app.domain.findings import Candidate, Dropped, Evidence, Finding, Location
from app.domain.jobs import JobKind, RowKey
from app.domain.model import Usage
from app.domain.objects import Change, NotDiffed
from app.domain.placing import Source, place, ranked
from app.domain.policy import Policy
from app.domain.pull_request import PullRequest, PullRequestRef, RepositoryName, Sha
from app.domain.report import ModelUse
from app.domain.row import Row, Wanted
from app.domain.rules import Rule
from app.domain.runs import RunEvent, RunRecord, RunStart, RunState
from app.domain.severity import Severity
from app.domain.snapshot import Snapshot

HEAD = Sha("b" * 40)
BASE = Sha("a" * 40)
REF = PullRequestRef(11, 22, 7)
REPOSITORY = RepositoryName("acme", "web")
KEY = RowKey(JobKind.REVIEW, REF)


def diff_of(*rows: str, start: int = 1) -> FileDiff:
    """One hunk from rows that begin with ` `, `+` or `-`."""
    old = new = start
    lines: list[DiffLine] = []
    for row in rows:
        mark, text = row[0], row[1:]
        if mark == "+":
            lines.append(DiffLine(LineKind.ADDED, None, new, text))
            new += 1
        elif mark == "-":
            lines.append(DiffLine(LineKind.REMOVED, old, None, text))
            old += 1
        else:
            lines.append(DiffLine(LineKind.CONTEXT, old, new, text))
            old, new = old + 1, new + 1
    return FileDiff((Hunk(start, old - start, start, new - start, "", tuple(lines)),))


def entry(path: str, status: Status = Status.MODIFIED, *, mode: str = "100644") -> Entry:
    side = Side(mode, "c" * 40, Kind.FILE)
    old = None if status is Status.ADDED else side
    new = None if status is Status.DELETED else side
    return Entry(path, status, old, new)


def change(path: str, *rows: str, not_diffed: NotDiffed | None = None) -> Change:
    """A changed file with one hunk, or with none and the reason why."""
    return Change(entry(path), None if not_diffed else diff_of(*rows), not_diffed)


def snapshot(*changes: Change, policy: Policy | None = None) -> Snapshot:
    return Snapshot(
        title="A change",
        body="What it does.",
        head=HEAD,
        base=BASE,
        merge_base=BASE,
        policy=policy or Policy(),
        policy_problems=(),
        guidelines=(),
        changes=changes,
    )


def finding(
    id_: str = "F1", *, severity: Severity = Severity.P1, path: str = "a.py", line: int = 1, inline: bool = True
) -> Finding:
    return Finding(
        id=id_,
        rule="",
        severity=severity,
        location=Location(path, line, line),
        title=f"title of {id_}",
        body=f"body of {id_}",
        evidence=Evidence.REASONED,
        confidence=0.9,
        suggestion=None,
        inline=inline,
    )


def rule(id_: str, *, severity: Severity = Severity.P2, globs: tuple[str, ...] = ()) -> Rule:
    return Rule(
        id=id_,
        title=f"title of {id_}",
        severity=severity,
        globs=globs,
        prose=f"prose of {id_}",
        fix=f"fix of {id_}",
        detector=None,
        must_hit=(),
        must_not=(),
    )


def pull_request(**changes: object) -> PullRequest:
    """An open pull request; keyword arguments replace fields."""
    plain = PullRequest(
        ref=REF,
        repository=REPOSITORY,
        title="A change",
        body="",
        author_id=5,
        open=True,
        draft=False,
        head_sha=HEAD,
        head_ref="feature",
        head_repository_id=22,
        base_sha=BASE,
        base_ref="main",
        default_branch="main",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def row(
    *, generation: int = 1, done: int = 0, triggers: frozenset[str] = frozenset({"opened"}), attempts: int = 1
) -> Row:
    return Row(
        key=KEY,
        generation=generation,
        done=done,
        wanted=Wanted(REPOSITORY, HEAD, "opened", draft=False),
        triggers=triggers,
        attempts=attempts,
        error="",
        run="0123456789abcdef",
    )


def run_start(number: int = 1, *, key: RowKey = KEY, repository: RepositoryName = REPOSITORY) -> RunStart:
    """The run with the id `000...number`."""
    return RunStart(
        id=f"{number:016x}", key=key, repository=repository, head=HEAD, triggers=frozenset({"opened"}), generation=1
    )


def model_use(model: str = "gpt", *, calls: int = 1, known: bool = True, usd: float | None = 0.5) -> ModelUse:
    return ModelUse(model, calls, Usage(1_000, 200, 30, known), usd)


def run_record(**changes: object) -> RunRecord:
    """A run that is done after 65 seconds; keyword arguments replace fields."""
    started = datetime(2026, 11, 21, 12, 56, 4, tzinfo=UTC)
    plain = RunRecord(
        start=run_start(),
        state=RunState.DONE,
        attempts=1,
        started_at=started,
        ended_at=started + timedelta(seconds=65),
        next_at=None,
        outcome="success",
        error="",
        models=(model_use(),),
        timeline=(RunEvent(started, "an attempt begins"),),
        timeline_missing=0,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def settle(
    candidates: Iterable[Candidate], diffs: Mapping[str, FileDiff]
) -> tuple[tuple[Finding, ...], tuple[Dropped, ...]]:
    """Places and ranks; the files are as long as their diffs and a hundred lines more."""
    sources = {path: Source(lines := _lines_of(diff), text="\n".join((*lines, ""))) for path, diff in diffs.items()}
    placed, dropped = place(candidates, diffs, sources)
    return ranked(one.finding for one in placed), dropped


def _lines_of(diff: FileDiff) -> tuple[str, ...]:
    known = {row.new_number: row.text for hunk in diff.hunks for row in hunk.lines if row.new_number is not None}
    return tuple(known.get(number, f"line {number}") for number in range(1, max(known) + 101))
