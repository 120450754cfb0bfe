"""Proof: a finding of a core file is shown by a command that we run ourselves, on the head and on the base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.domain.command_output import Cleaner, Keeper, end_words, limit_words
from app.domain.entries import display_path
from app.domain.errors import SandboxRefused, SandboxUnavailable
from app.domain.findings import Evidence, Finding, Proof, ProofRun
from app.domain.grouping import Group, showing
from app.domain.prompting import data_message, prove_task
from app.domain.proof_answers import PROOF_SCHEMA, NoProof, ProofPlan, decode_proof
from app.domain.pull_request import Sha
from app.domain.sandbox import Command, CommandLimits, Limit, Stream
from app.domain.severity import Severity
from app.domain.static_checks import redact_secrets
from app.domain.tiers import Tier
from app.usecases.agent import Finished
from app.usecases.review.crew import Crew
from app.usecases.review.notebook import Notebook
from app.usecases.review.rooms import Rooms
from app.usecases.together import together
from app.usecases.tools import Reads

MOST = 5
"""Findings of one review that we try to show."""
_LIMITS = CommandLimits(seconds=120, output_bytes=4 << 20)
_HEAD_BYTES, _TAIL_BYTES = 3_000, 3_000


@dataclass(frozen=True, slots=True)
class Shown:
    """The same findings, some of them with a proof, and in words why others have none."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


async def prove(crew: Crew, findings: tuple[Finding, ...], groups: Mapping[str, tuple[Group, ...]]) -> Shown:
    """Tries to show the worst of the findings. What cannot be shown stays what it was: reasoned."""
    rooms = crew.rooms
    if rooms is None:
        return Shown(findings, ())
    wanted = [one for one in findings if one.location.path in groups and _worth(one)][:MOST]
    results = await together(_shown(crew, rooms, one, groups[one.location.path]) for one in wanted)
    by_id = {one.id: result for one, result in zip(wanted, results, strict=True)}
    notes = tuple(f"{id_}: {result}" for id_, result in by_id.items() if isinstance(result, str))
    return Shown(tuple(_with(one, by_id.get(one.id)) for one in findings), notes)


def _worth(one: Finding) -> bool:
    return one.evidence is Evidence.REASONED and one.severity.at_least(Severity.P2)


def _with(one: Finding, result: Proof | str | None) -> Finding:
    return replace(one, evidence=Evidence.REPRODUCED, proof=result) if isinstance(result, Proof) else one


async def _shown(crew: Crew, rooms: Rooms, finding: Finding, groups: tuple[Group, ...]) -> Proof | str:
    snapshot, where, label = crew.snapshot, finding.location, f"prove {finding.id}"
    group = showing(groups, where.path, where.end_line) or groups[0]
    result = await crew.ask(
        label,
        crew.choice.deep,
        (data_message(crew.templates, group), prove_task(crew.templates, finding)),
        schema=PROOF_SCHEMA,
        decode=decode_proof,
        tools=crew.tools(Tier.CORE, Reads(), Notebook(), label=label),
    )
    if not isinstance(result, Finished):
        return result.reason
    plan = result.value
    if isinstance(plan, NoProof):
        return plan.reason
    if known := await _known_files(crew, plan):
        return f"the proof would overwrite {display_path(known[0])}"
    try:
        head = await _ran(rooms, snapshot.head, plan, label)
        base = await _ran(rooms, snapshot.merge_base, plan, label)
    except (SandboxRefused, SandboxUnavailable) as error:
        return f"the sandbox did not run it: {error}"
    if why_not := _shows_nothing(head, base, plan.expected):
        return why_not
    return Proof(
        command=redact_secrets(plan.command),
        files=tuple((path, redact_secrets(text)) for path, text in plan.files),
        expected=plan.expected,
        head=head.told,
        base=base.told,
    )


def _shows_nothing(head: _Ran, base: _Ran, expected: str) -> str:
    """Why two runs prove nothing; empty when they do. A run that was cut short may yet have said something else."""
    for where, ran in (("head", head), ("base", base)):
        if ran.limit is not None:
            return f"on the {where} the command ran into a limit: {limit_words(ran.limit, _LIMITS)}"
    if expected not in head.told.output:
        return "the command did not print on the head what was foretold"
    if base.printed:
        return "the command prints the same on the base"
    return ""


async def _known_files(crew: Crew, plan: ProofPlan) -> tuple[str, ...]:
    """Files of the plan that the head or the base has: a proof leaves the code alone that it speaks of."""
    paths = tuple(path for path, _ in plan.files)
    found: set[str] = set()
    for commit in (crew.snapshot.head, crew.snapshot.merge_base):
        found |= (await crew.repository.blobs(commit, paths, max_bytes=1)).keys() if paths else set()
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class _Ran:
    """A run as people are told of it, the limit that ended it, and whether it printed what was foretold anywhere, also
    in what is left out of `told`.
    """

    told: ProofRun
    limit: Limit | None
    printed: bool


async def _ran(rooms: Rooms, commit: Sha, plan: ProofPlan, label: str) -> _Ran:
    """In a sandbox that nobody used before: what the reviewers tried out is no part of the proof."""
    async with rooms.fresh(commit) as sandbox:
        for path, text in plan.files:
            await sandbox.write(path, text.encode())
        cleaner, keeper = Cleaner(), Keeper(head_bytes=_HEAD_BYTES, tail_bytes=_TAIL_BYTES)
        watch = _Watch(plan.expected)

        async def keep(_: Stream, chunk: bytes) -> None:
            text = cleaner.feed(chunk)
            watch.feed(text)
            keeper.feed(text)

        command = Command(argv=("sh", "-c", plan.command), limits=_LIMITS, label=label)
        ended = await sandbox.run(command, keep)
        rest = cleaner.finish()
        watch.feed(rest)
        keeper.feed(rest)
    told = ProofRun(commit, end_words(ended, _LIMITS), redact_secrets(str(keeper.kept())))
    return _Ran(told, ended.limit, watch.seen)


class _Watch:
    """Looks for a text in what comes in pieces."""

    def __init__(self, text: str) -> None:
        self._text, self._end = text, ""
        self.seen = False

    def feed(self, piece: str) -> None:
        joined = self._end + piece
        self.seen = self.seen or self._text in joined
        self._end = joined[1 - len(self._text) :]
