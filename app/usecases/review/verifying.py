"""The second look: each claim is judged by somebody else, who must prove it with lines that are really there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.domain.answers import ReviewAnswer
from app.domain.findings import Candidate, Finding, claim_of
from app.domain.grouping import Group, group, showing
from app.domain.judgements import Decision, Judgement
from app.domain.lines import split_lines
from app.domain.prompting import judge_task
from app.domain.severity import Severity
from app.domain.static_checks import redact_secrets
from app.domain.tiers import Tier
from app.domain.trust import quoted
from app.domain.visible import visible
from app.usecases.agent import Unfinished
from app.usecases.review.crew import Crew
from app.usecases.review.notebook import Notebook
from app.usecases.together import together
from app.usecases.tools import Reads

_FILE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Verified:
    """`kept` is proven. `open` could not be judged: nothing is said of it, but its file is not covered either."""

    kept: tuple[Finding, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    open: tuple[tuple[Finding, Unfinished], ...] = ()
    reads: tuple[tuple[str, frozenset[str]], ...] = ()
    """For the file of each claim, what its judge looked at."""


async def verify(
    crew: Crew,
    claims: Sequence[Finding],
    groups: Mapping[str, tuple[Group, ...]],
    tiers: Mapping[str, Tier],
    *,
    label: str,
) -> Verified:
    """Judges claims one by one, each in a conversation of its own. What is not proven is dropped."""
    reads = [Reads() for _ in claims]
    judged = await together(
        _judge(crew, claim, groups, tiers, label=f"{label} {number}", reads=read)
        for number, (claim, read) in enumerate(zip(claims, reads, strict=True), start=1)
    )
    kept: list[Finding] = []
    judgements: list[Judgement] = []
    unjudged: list[tuple[Finding, Unfinished]] = []
    for claim, result in zip(claims, judged, strict=True):
        if isinstance(result, Unfinished):
            unjudged.append((claim, result))
            continue
        finding, judgement = result
        judgements.append(judgement)
        if finding is not None:
            kept.append(finding)
    looked = ((claim.location.path, frozenset(read.paths)) for claim, read in zip(claims, reads, strict=True))
    return Verified(tuple(kept), tuple(judgements), tuple(unjudged), tuple(looked))


async def _judge(
    crew: Crew,
    finding: Finding,
    groups: Mapping[str, tuple[Group, ...]],
    tiers: Mapping[str, Tier],
    *,
    label: str,
    reads: Reads,
) -> tuple[Finding | None, Judgement] | Unfinished:
    path = finding.location.path
    tier, notebook = tiers[path], Notebook()
    result = await crew.review(
        label,
        crew.choice.of(tier),
        showing(groups.get(path, ()), path, finding.location.end_line) or _alone(crew, finding, tier),
        judge_task(crew.templates, claim_of(finding)),
        tools=crew.tools(tier, reads, notebook, label=label),
        kept=notebook.kept,
    )
    if isinstance(result, Unfinished):
        return result
    answer = replace(result.value, candidates=(*result.value.candidates, *notebook.candidates))
    proven, reason = await _proven(crew, finding, answer)
    if proven is None:
        return None, _judgement(finding, Decision.DROPPED, None, reason)
    lowered = not proven.severity.at_least(finding.severity)
    severity = proven.severity if lowered else finding.severity
    kept = replace(
        finding,
        severity=severity,
        confidence=min(finding.confidence, proven.confidence),
        failing_case=proven.failing_case or finding.failing_case,
    )
    decision = Decision.LOWERED if lowered else Decision.KEPT
    return kept, _judgement(finding, decision, severity, answer.walkthrough or proven.failing_case)


async def _proven(crew: Crew, finding: Finding, answer: ReviewAnswer) -> tuple[Candidate | None, str]:
    """The judge's version of the claim if it proves something; else why not."""
    path = finding.location.path
    said = [c for c in answer.candidates if crew.real_path(c.path) == path]
    if not answer.candidates:
        return None, answer.walkthrough or "the judge did not find it proven"
    if not said:
        return None, "the judge spoke of another file"
    best = min(said, key=lambda c: abs(c.end_line - finding.location.end_line))
    if not best.failing_case.strip():
        return None, "the judge named no case in which it fails"
    quotes = tuple(replace(quote, path=crew.real_path(quote.path)) for quote in best.quotes)
    files = await _files(crew, {quote.path for quote in quotes})
    if not quoted(quotes, _split(files)) and not quoted(quotes, _split(_as_shown(files))):
        return None, "the judge quoted no line that is there"
    return best, ""


async def _files(crew: Crew, paths: set[str]) -> dict[str, str]:
    """Texts of the head; of a deleted or emptied file, what was there."""
    snapshot = crew.snapshot
    wanted = tuple(sorted(paths))
    blobs = await crew.repository.blobs(snapshot.head, wanted, max_bytes=_FILE_BYTES)
    gone = tuple(path for path in wanted if path not in blobs or not blobs[path].size)
    if gone:
        blobs |= await crew.repository.blobs(snapshot.merge_base, gone, max_bytes=_FILE_BYTES)
    return {path: blob.text_bytes.decode("utf-8", "replace") for path, blob in blobs.items()}


def _as_shown(files: Mapping[str, str]) -> dict[str, str]:
    """A judge quotes what it was shown, which has a placeholder where a secret or a hidden character stands."""
    return {path: visible(redact_secrets(text, keep_lines=True)) for path, text in files.items()}


def _split(files: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {path: split_lines(text) for path, text in files.items()}


def _alone(crew: Crew, finding: Finding, tier: Tier) -> Group:
    """The diff of a file that no group of this run holds, around the line of the finding."""
    path = finding.location.path
    change = next(c for c in crew.snapshot.changes if c.entry.path == path)
    made = group([change], {path: tier}, max_characters=crew.choice.group_characters).groups
    one = showing(made, path, finding.location.end_line)
    return one or Group(number=1, of=1, tier=tier, sections=())


def _judgement(finding: Finding, decision: Decision, to: Severity | None, reason: str) -> Judgement:
    where = finding.location
    return Judgement(where.path, where.end_line, finding.title, finding.severity, decision, to, reason[:500])
