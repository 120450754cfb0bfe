"""The receipt of a review: what was looked at, how, by what, and what it came to, as one value that can be signed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import assert_never

from app.domain.coverage import Excluded, LedgerEntry, Reviewed, Unreviewed
from app.domain.encodable import encodable_text
from app.domain.memory import FindingState
from app.domain.messages.told import blocking, standing
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha
from app.domain.receipt_basis import Basis, GuidelineUsed, PromptUsed, RulePackUsed, prompts_used
from app.domain.report import ModelUse, Report
from app.domain.verdict import Blocked, Incomplete, NeedsHuman, Passed, Verdict

FORMAT = "revwright-receipt/1"
"""Rises when anything changes its meaning."""

_USD = 1_000_000
_UNDECODABLE = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class ModelUsed:
    """Tokens and millionths of a dollar; None where the endpoint reported no tokens, or no price is configured."""

    model: str
    calls: int
    input_tokens: int | None
    cached_input_tokens: int | None
    output_tokens: int | None
    micro_usd: int | None


@dataclass(frozen=True, slots=True)
class EntryTold:
    """One changed entry. `state` is `reviewed`, `excluded` or `unreviewed`."""

    path: str
    """As `escaped_path` writes it."""
    tier: str
    tier_reason: str
    state: str
    reviewed_as: str | None
    """The tier in which it was reviewed."""
    reason: str | None
    """The rule that excludes it, or why it was not reviewed."""


@dataclass(frozen=True, slots=True)
class FindingTold:
    id: str
    severity: str
    state: str
    """`open`, `fixed` or `dismissed`."""
    standing: str | None
    """Of one that is open, against the last review: `new`, `still there` or `moved`."""
    blocks: bool


@dataclass(frozen=True, slots=True)
class VerdictTold:
    """`state` is `passed`, `blocked`, `needs_human` or `incomplete`; `reasons` says why, in words."""

    state: str
    blocking: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """In millionths of a dollar; None where it is not known, or where there is no cap."""

    review: int | None
    pull_request: int | None
    """Over all reviews of the pull request so far."""
    cap: int | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """`made_at` is RFC 3339, in UTC. Digests are SHA-256 in hexadecimal."""

    format: str
    made_at: str
    revwright: str
    """The version that reviewed."""
    run: str
    repository: str
    """`owner/name` as it was then; `repository_id` outlives renames."""
    repository_id: int
    pull_request: int
    head: Sha
    base: Sha
    merge_base: Sha
    policy: str
    """Of the canonical JSON of the policy as it counted, defaults included."""
    policy_problems: int
    """Mistakes in the policy file; where there are any, the built-in policy counted in its place."""
    guidelines: tuple[GuidelineUsed, ...]
    rule_packs: tuple[RulePackUsed, ...]
    models: tuple[ModelUsed, ...]
    model_note: str
    """Why no model looked, or not at everything; empty when all is well."""
    prompts: tuple[PromptUsed, ...]
    coverage: tuple[EntryTold, ...]
    carried: int
    """Entries whose coverage stands from an earlier review, which had the same change, policy, rules and prompts."""
    findings: tuple[FindingTold, ...]
    verdict: VerdictTold
    cost: Cost


def receipt_of(
    report: Report,
    basis: Basis,
    *,
    run: str,
    ref: PullRequestRef,
    repository: RepositoryName,
    made_at: datetime,
    version: str,
) -> Receipt:
    """What is to be signed of a finished review. `made_at` is UTC."""
    return Receipt(
        format=FORMAT,
        made_at=f"{made_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        revwright=version,
        run=run,
        repository=str(repository),
        repository_id=ref.repository_id,
        pull_request=ref.number,
        head=report.head,
        base=report.base,
        merge_base=report.merge_base,
        policy=basis.policy,
        policy_problems=basis.policy_problems,
        guidelines=tuple(
            GuidelineUsed(escaped_path(one.path), one.sha256, one.hashed_bytes, one.cut_bytes)
            for one in report.guidelines
        ),
        rule_packs=basis.rule_packs,
        models=tuple(_model(use) for use in report.models),
        model_note=encodable_text(report.model_note),
        prompts=prompts_used(basis, report.calls),
        coverage=tuple(_entry(entry) for entry in report.ledger.entries),
        carried=report.carried,
        findings=tuple(_findings(report)),
        verdict=_verdict(report.verdict),
        cost=_cost(report),
    )


def same_outcome(one: Receipt, other: Receipt) -> bool:
    """Whether both say the same of the change. When they were made, and which calls it took, does not count: an attempt
    after a crash finds what the one before has paid for, and asks nobody.
    """
    return _outcome(one) == _outcome(other)


def _outcome(receipt: Receipt) -> Receipt:
    prompts = tuple(replace(one, calls=None) for one in receipt.prompts)
    return replace(receipt, made_at="", models=(), prompts=prompts, carried=0, cost=Cost(None, None, None))


def escaped_path(path: str) -> str:
    r"""A path as text of which none is lost: a byte that is not UTF-8 is `\xNN`, a backslash is two. To turn it back,
    read it from the left and replace each `\\` and `\xNN`.
    """
    doubled = path.replace("\\", "\\\\")
    return _UNDECODABLE.sub(lambda match: f"\\x{ord(match[0]) & 0xFF:02x}", doubled)


def _model(use: ModelUse) -> ModelUsed:
    usage, told = use.usage, ModelUsed(encodable_text(use.model), use.calls, None, None, None, _micro(use.usd))
    if not usage.known:
        return told
    counts = (usage.input_tokens, usage.cached_input_tokens, usage.output_tokens)
    return replace(told, input_tokens=counts[0], cached_input_tokens=counts[1], output_tokens=counts[2])


def _entry(entry: LedgerEntry) -> EntryTold:
    told = EntryTold(escaped_path(entry.path), entry.tier, encodable_text(entry.tier_reason), "", None, None)
    match entry.coverage:
        case Reviewed(tier):
            return replace(told, state="reviewed", reviewed_as=tier)
        case Excluded(rule):
            return replace(told, state="excluded", reason=encodable_text(rule))
        case Unreviewed(reason):
            return replace(told, state="unreviewed", reason=encodable_text(reason))
    assert_never(entry.coverage)


def _findings(report: Report) -> Iterator[FindingTold]:
    stops = blocking(report)
    for finding in report.findings:
        stands = standing(report, finding)
        yield FindingTold(finding.id, finding.severity, FindingState.OPEN, stands, finding.id in stops)
    for known in (*report.fixed, *report.dismissed):
        yield FindingTold(known.finding.id, known.finding.severity, known.state, None, blocks=False)


def _verdict(verdict: Verdict) -> VerdictTold:
    match verdict:
        case Passed():
            return VerdictTold("passed", (), ())
        case Blocked(findings):
            return VerdictTold("blocked", tuple(finding.id for finding in findings), ())
        case NeedsHuman(requirements):
            return VerdictTold("needs_human", (), tuple(encodable_text(one) for one in requirements))
        case Incomplete(reason):
            return VerdictTold("incomplete", (), (encodable_text(reason),))
    assert_never(verdict)


def _cost(report: Report) -> Cost:
    bill = report.bill
    return Cost(_micro(report.usd), _micro(bill.spent) if bill else None, _micro(bill.cap) if bill else None)


def _micro(usd: float | None) -> int | None:
    return None if usd is None else round(usd * _USD)
