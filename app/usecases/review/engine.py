"""Examines a snapshot: static checks, the model's pass, the coverage ledger and the verdict. No GitHub here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.domain.answers import REVIEW_SCHEMA, ReviewAnswer, decode_review
from app.domain.coverage import Coverage, CoverageLedger, Excluded, LedgerEntry, Reviewed, Unreviewed
from app.domain.entries import Kind, display_path
from app.domain.findings import Candidate, Dropped, Evidence, settle
from app.domain.model import ModelRequest
from app.domain.objects import Change, NotDiffed
from app.domain.policy import Policy
from app.domain.prices import Price, cost_usd
from app.domain.prompting import Packed, PromptTemplates, pack, review_messages, shown_path
from app.domain.report import ModelUse, Report
from app.domain.rule_choice import enabled, for_paths
from app.domain.rules import Rule
from app.domain.severity import Severity
from app.domain.snapshot import Snapshot
from app.domain.static_checks import SECRET, check_file, redact_secrets
from app.domain.tiers import Tier, TierChoice, tier_of
from app.domain.verdict import judge
from app.domain.visible import hidden_characters
from app.ports import Model
from app.usecases.review.ask import Answered, NoAnswer, ask

MIN_CONFIDENCE = 0.5


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The model that reviews, and the limits of one pass."""

    model: Model
    name: str
    prices: Mapping[str, Price]
    max_prompt_characters: int = 360_000
    max_output_tokens: int = 16_000
    timeout_seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class Engine:
    """What every review needs, wherever its snapshot comes from."""

    rules: tuple[Rule, ...]
    templates: PromptTemplates
    choice: ModelChoice | None
    no_model: str = "no model is configured"
    """Why `choice` is None, in words for the report."""

    async def examine(self, snapshot: Snapshot, *, cache_key: str) -> Report:
        """Looks at everything the base policy does not exclude; says of every entry what was done with it."""
        tiers = {change.entry.path: _tier(change, snapshot.policy) for change in snapshot.changes}
        rules = for_paths(enabled(self.rules, snapshot.policy.rules), snapshot.diffs)
        static = tuple(_static(rules, snapshot))
        passed = await self._model_pass(snapshot, rules, tiers, cache_key)
        # An answer repeats a path as the prompt showed it.
        names = {shown_path(path): path for path in snapshot.diffs}
        said = passed.answer.candidates if passed.answer else ()
        kept, unsure = _trusted(tuple(replace(c, path=names.get(c.path, c.path)) for c in said), rules, tiers)
        findings, dropped = settle((*static, *kept), snapshot.diffs)
        coverage = dict(passed.coverage) | _hidden_lines(snapshot, static)
        ledger = CoverageLedger(tuple(_ledger_entry(e.path, tiers[e.path], coverage) for e in snapshot.entries))
        policy = snapshot.policy.review
        return Report(
            head=snapshot.head,
            base=snapshot.base,
            merge_base=snapshot.merge_base,
            verdict=judge(
                ledger,
                findings,
                block_at=policy.block_at,
                requirements=_requirements(snapshot, tiers),
            ),
            ledger=ledger,
            findings=findings,
            max_findings=policy.max_findings,
            dropped=(*unsure, *dropped),
            walkthrough=passed.answer.walkthrough if passed.answer else "",
            guidelines=snapshot.guidelines,
            rule_packs=_packs(rules),
            models=passed.uses,
            model_note=passed.note,
            hidden_characters=_hidden(snapshot),
        )

    async def _model_pass(
        self, snapshot: Snapshot, rules: tuple[Rule, ...], tiers: Mapping[str, TierChoice], cache_key: str
    ) -> _Passed:
        wanted = [c for c in snapshot.changes if tiers[c.entry.path].tier is not Tier.SKIP]
        wanted.sort(key=lambda c: _ORDER[tiers[c.entry.path].tier])
        if self.choice is None:
            unseen = Unreviewed(f"{self.no_model}, so AI did not look at it")
            note = f"Static rules ran, AI did not look: {self.no_model}."
            return _Passed(None, {c.entry.path: unseen for c in wanted}, (), note)
        packed = pack(wanted, max_characters=self.choice.max_prompt_characters)
        coverage: dict[str, Coverage] = {p: Unreviewed(reason) for p, reason in packed.left_out.items()}
        if not packed.sections:
            return _Passed(None, coverage, (), "")
        answer = await self._ask(self.choice, snapshot, rules, packed, cache_key)
        use = ModelUse(
            self.choice.name,
            answer.calls,
            answer.usage,
            cost_usd(self.choice.prices, self.choice.name, answer.usage),
        )
        if isinstance(answer, NoAnswer):
            coverage |= {path: Unreviewed(answer.reason) for path, _ in packed.sections}
            return _Passed(None, coverage, (use,), f"AI did not look: {answer.reason}.")
        coverage |= {path: Reviewed(tiers[path].tier) for path, _ in packed.sections}
        return _Passed(answer.value, coverage, (use,), "")

    async def _ask(
        self, choice: ModelChoice, snapshot: Snapshot, rules: tuple[Rule, ...], packed: Packed, cache_key: str
    ) -> Answered[ReviewAnswer] | NoAnswer:
        request = ModelRequest(
            model=choice.name,
            messages=review_messages(self.templates, snapshot, rules, packed),
            schema=REVIEW_SCHEMA,
            max_output_tokens=choice.max_output_tokens,
            timeout_seconds=choice.timeout_seconds,
            cache_key=cache_key,
        )
        return await ask(choice.model, request, decode_review, self.templates)


@dataclass(frozen=True, slots=True)
class _Passed:
    answer: ReviewAnswer | None
    coverage: Mapping[str, Coverage]
    uses: tuple[ModelUse, ...]
    note: str


_ORDER = {Tier.CORE: 0, Tier.STANDARD: 1, Tier.LIGHT: 2, Tier.SKIP: 3}


def _tier(change: Change, policy: Policy) -> TierChoice:
    """Our own exclusion of pictures, fonts and sound is by name; text under such a name is read all the same."""
    choice = tier_of(change.entry.path, policy)
    new = change.entry.new
    plain = change.not_diffed is NotDiffed.BINARY and (new is None or new.kind is Kind.FILE)
    if choice.by_media_name and not plain:
        return TierChoice(Tier.STANDARD, "no binary file under a media name (built-in)")
    return choice


def _requirements(snapshot: Snapshot, tiers: Mapping[str, TierChoice]) -> tuple[str, ...]:
    """What only a person can settle. Approvals are not counted yet, and silence about that would pass for a yes."""
    wrong = [f"correct {problem}" for problem in snapshot.policy_problems]
    waiting = [path for path, choice in tiers.items() if choice.waits_for_approval]
    if waiting:
        named = display_path(waiting[0]) + (f" and {len(waiting) - 1} more" if len(waiting) > 1 else "")
        wrong.append(f"have {named} approved: tiers.core asks for it, and this version cannot count approvals")
    return tuple(wrong)


def _hidden_lines(snapshot: Snapshot, static: tuple[Candidate, ...]) -> dict[str, Coverage]:
    """Files of which the model saw placeholders in place of added lines, and no finding says so: nobody read those."""
    told = {c.path for c in static if c.rule == SECRET}
    unread = Unreviewed("added text that looks like a secret was hidden from the model")
    return {
        path: unread
        for path, diff in snapshot.diffs.items()
        if path not in told and redact_secrets(text := "\n".join(row.text for row in diff.added_lines())) != text
    }


def _static(rules: tuple[Rule, ...], snapshot: Snapshot) -> list[Candidate]:
    """Static checks look at excluded files too: a secret in a vendored file is a secret."""
    return [
        Candidate(
            rule=hit.rule_id,
            severity=hit.severity,
            path=path,
            start_line=hit.line,
            end_line=hit.line,
            title=hit.title,
            body=hit.body,
            evidence=Evidence.STATIC,
            confidence=1.0,
        )
        for path, diff in snapshot.diffs.items()
        for hit in check_file(path, diff, rules, disabled=snapshot.policy.rules.disable)
    ]


def _trusted(
    candidates: tuple[Candidate, ...], rules: tuple[Rule, ...], tiers: Mapping[str, TierChoice]
) -> tuple[tuple[Candidate, ...], tuple[Dropped, ...]]:
    """What the model claims, within what it may say.

    A rule keeps its severity, an unknown rule is no rule, and a core file gets no button that changes it: a suggestion
    is applied with two clicks.
    """
    severities = {rule.id: rule.severity for rule in rules}
    kept: list[Candidate] = []
    dropped: list[Dropped] = []
    for candidate in candidates:
        if candidate.confidence < MIN_CONFIDENCE:
            dropped.append(Dropped(candidate, f"the model is less than {MIN_CONFIDENCE:.0%} sure"))
            continue
        floor = severities.get(candidate.rule)
        severity = min(candidate.severity, floor) if floor else candidate.severity
        core = candidate.path in tiers and tiers[candidate.path].tier is Tier.CORE
        kept.append(
            replace(
                candidate,
                severity=Severity(severity),
                rule=candidate.rule if floor else "",
                suggestion=None if core else candidate.suggestion,
            )
        )
    return tuple(kept), tuple(dropped)


def _ledger_entry(path: str, choice: TierChoice, coverage: Mapping[str, Coverage]) -> LedgerEntry:
    state = Excluded(choice.reason) if choice.tier is Tier.SKIP else coverage[path]
    return LedgerEntry(path, choice.tier, choice.reason, state)


def _packs(rules: tuple[Rule, ...]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for rule in rules:
        counts[rule.pack] = counts.get(rule.pack, 0) + 1
    return tuple(sorted(counts.items()))


def _hidden(snapshot: Snapshot) -> int:
    texts = [snapshot.title, snapshot.body]
    texts += [row.text for diff in snapshot.diffs.values() for row in diff.added_lines()]
    return sum(len(hidden_characters(text)) for text in texts)
