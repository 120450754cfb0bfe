"""What this review found against what earlier ones found: what is new, still there, fixed, or settled by somebody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.domain.anchors import Anchor
from app.domain.diff import FileDiff
from app.domain.findings import Evidence, Finding
from app.domain.judgements import Judgement
from app.domain.matching import Kept, Matched
from app.domain.memory import FindingState, KnownFinding, PastReview
from app.domain.placing import Source, seated
from app.domain.pull_request import Sha
from app.domain.report import Standing
from app.usecases.review.verifying import Verified


def with_dismissals(past: PastReview | None, dismissed: Mapping[str, str]) -> tuple[KnownFinding, ...]:
    """The known findings, those that people settled since then marked as theirs."""
    return tuple(
        replace(known, state=FindingState.DISMISSED, dismissed_by=dismissed[known.finding.id])
        if known.state is FindingState.OPEN and known.finding.id in dismissed
        else known
        for known in (past.findings if past else ())
    )


@dataclass(frozen=True, slots=True)
class Questions:
    """What a judge is asked about: `claims` are to be told now, as new or as worse than they were; `doubts` were told
    before and not found again.
    """

    claims: tuple[Finding, ...]
    doubts: tuple[Kept, ...]
    settled: tuple[Kept, ...]
    """Open, and not in doubt: found again, or about entries that nobody looked at this time. What is said to be worse
    than it was is a claim as well.
    """
    gone: tuple[KnownFinding, ...]
    """Their lines are gone, or the rule that found them says nothing any more."""
    closed_before: tuple[KnownFinding, ...]
    """Fixed or dismissed, and found again: as they stay, unless a judge finds them proven."""


def questions(
    matched: Matched,
    known: Iterable[KnownFinding],
    *,
    looked_at: frozenset[str],
    finished: frozenset[str],
    diffed: frozenset[str],
    undiffed: frozenset[str],
) -> Questions:
    """`looked_at`: the paths that reviewers were given; `finished`: those that they came to an end with; `diffed` and
    `undiffed`: those that the change touches, by whether their lines could be compared. What is certain without a model
    is no question.
    """
    before = {one.finding.id: one for one in known}
    said = [fresh.finding for fresh in matched.new] + [kept.known.finding for kept in matched.returned]
    doubts: list[Kept] = []
    settled = [_as_told(kept, before[kept.known.finding.id].finding) for kept in matched.same]
    said += [
        kept.known.finding for kept in matched.same if _worse(kept.known.finding, before[kept.known.finding.id].finding)
    ]
    unread = [one for one in matched.fixed if _unread(one.finding, finished, diffed, undiffed)]
    gone = [one for one in matched.fixed if one not in unread]
    settled += [Kept(one, Standing.STILL_THERE) for one in unread]  # nobody can say that it is fixed
    for kept in matched.unconfirmed:
        path = kept.known.finding.location.path
        if path in undiffed:
            settled.append(kept)
        elif _static(kept.known.finding) or path not in diffed:
            gone.append(kept.known)
        elif path in looked_at:
            doubts.append(kept)
        else:
            settled.append(kept)
    claims = tuple(finding for finding in said if not _static(finding))
    closed_before = tuple(before[kept.known.finding.id] for kept in matched.returned)
    return Questions(claims, tuple(doubts), tuple(settled), tuple(gone), closed_before)


def _unread(finding: Finding, finished: frozenset[str], diffed: frozenset[str], undiffed: frozenset[str]) -> bool:
    """Whether its line became another that nobody has looked at: a reviewer is told what is open, and says it again."""
    path = finding.location.path
    return path in undiffed or (path in diffed and path not in finished and not _static(finding))


def _static(finding: Finding) -> bool:
    return finding.evidence is Evidence.STATIC


def _worse(now: Finding, before: Finding) -> bool:
    return not _static(now) and not before.severity.at_least(now.severity)


def _as_told(kept: Kept, before: Finding) -> Kept:
    """A claim was judged once: found again, it keeps its words and its severity, whatever it is called now. Called
    worse, it is judged anew: it may be another defect of that line.
    """
    now = kept.known.finding
    if _static(now):
        return kept
    suggestion = before.suggestion if now.location == before.location else None
    finding = replace(before, location=now.location, inline=now.inline, suggestion=suggestion)
    return replace(kept, known=replace(kept.known, finding=finding))


@dataclass(frozen=True, slots=True)
class Recollection:
    """Every finding that is known now. `open` is what the report tells; what was first found on this head is not in
    `standing`.
    """

    open: tuple[KnownFinding, ...]
    standing: Mapping[str, Standing]
    fixed: tuple[KnownFinding, ...]
    """Fixed since the last review; `fixed_by` is to be added."""
    closed: tuple[KnownFinding, ...]
    """Fixed or dismissed before."""
    judgements: tuple[Judgement, ...]


def recollect(
    matched: Matched, asked: Questions, verified: Verified, rechecked: Verified, *, head: Sha
) -> Recollection:
    """Puts the judges' answers in place. What could not be judged: a claim is not told, a doubt stays open."""
    proven = {finding.id: finding for finding in verified.kept}
    anchors: dict[str, Anchor] = {fresh.finding.id: fresh.anchor for fresh in matched.new}
    new = [
        KnownFinding(proven.get(f.id, f), anchors[f.id], FindingState.OPEN, since=head, posted=False)
        for f in (fresh.finding for fresh in matched.new)
        if _static(f) or f.id in proven
    ]
    back = [kept for kept in matched.returned if _static(kept.known.finding) or kept.known.finding.id in proven]
    refuted = {kept.known.finding.id for kept in asked.doubts} - _held(rechecked)
    doubts = [kept for kept in asked.doubts if kept.known.finding.id not in refuted]
    still = [*(_raised(kept, proven) for kept in asked.settled), *doubts]
    standing = {kept.known.finding.id: kept.standing for kept in still if kept.known.since != head}
    return Recollection(
        open=(*(kept.known for kept in still), *(_back(kept, proven) for kept in back), *new),
        standing=standing,
        fixed=(*asked.gone, *(kept.known for kept in asked.doubts if kept.known.finding.id in refuted)),
        closed=(*matched.closed, *_not_back(asked, back)),
        judgements=(*verified.judgements, *rechecked.judgements),
    )


def on_their_lines(
    recollection: Recollection, diffs: Mapping[str, FileDiff], sources: Mapping[str, Source]
) -> Recollection:
    """With what is open told where it can be told now: the lines of a known finding may have left the diff, and its
    file may have none any more.
    """

    def now(known: KnownFinding) -> KnownFinding:
        path = known.finding.location.path
        diff = diffs.get(path, FileDiff(()))
        return replace(known, finding=seated(known.finding, diff, sources.get(path)))

    return replace(recollection, open=tuple(now(known) for known in recollection.open))


def _held(rechecked: Verified) -> set[str]:
    return {finding.id for finding in rechecked.kept} | {finding.id for finding, _ in rechecked.open}


def _raised(kept: Kept, proven: Mapping[str, Finding]) -> Kept:
    """With the words and the severity that a judge has proven, where these are worse."""
    now = proven.get(kept.known.finding.id)
    if now is None or not _worse(now, kept.known.finding):
        return kept
    return replace(kept, known=replace(kept.known, finding=now))


def _back(kept: Kept, proven: Mapping[str, Finding]) -> KnownFinding:
    finding = kept.known.finding
    return replace(kept.known, finding=proven.get(finding.id, finding))


def _not_back(asked: Questions, back: Sequence[Kept]) -> Iterable[KnownFinding]:
    """What was found again but not proven stays closed as it was: fixed by that commit, dismissed by that person."""
    ids = {kept.known.finding.id for kept in back}
    return (known for known in asked.closed_before if known.finding.id not in ids)
