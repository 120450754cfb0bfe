"""Examines a change: plans, looks, judges, proves, remembers and comes to a verdict. No GitHub here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

from app.domain.coverage import Reviewed
from app.domain.entries import Status, display_path
from app.domain.errors import SandboxRefused, SandboxUnavailable
from app.domain.findings import Candidate, Dropped, claim_of
from app.domain.matching import Matched, match
from app.domain.memory import FindingState, KnownFinding
from app.domain.messages.config import narrowed_notes
from app.domain.model import Message
from app.domain.placing import Placed, Source, place
from app.domain.prompting import PromptTemplates, system_message
from app.domain.receipt_basis import Basis, packs_used, policy_digest, prompts_of
from app.domain.rule_choice import enabled, for_paths, told_by_title, told_in
from app.domain.rules import Rule
from app.domain.sandbox import Mode
from app.domain.shown import real_paths
from app.domain.snapshot import Snapshot
from app.domain.steering import steering
from app.domain.tiers import Tier
from app.domain.trust import trusted
from app.domain.whereabouts import MAX_NEW_PATHS
from app.ports import Clock, Parser, PatternCompiler, Structural
from app.usecases.agent import AgentTexts
from app.usecases.review.concluding import Pieces, conclude
from app.usecases.review.crew import Crew, ModelChoice
from app.usecases.review.examination import Examined, Matter
from app.usecases.review.noticing import NoticingModel
from app.usecases.review.passes import Looked, look_at_all
from app.usecases.review.planning import Plan, make_plan
from app.usecases.review.proving import prove
from app.usecases.review.recollection import Questions, on_their_lines, questions, recollect, with_dismissals
from app.usecases.review.rooms import Rooms
from app.usecases.review.sources import read_sources
from app.usecases.review.static import bounded, look_at_trees, static_candidates
from app.usecases.review.verifying import Verified, verify
from app.usecases.together import together


@dataclass(frozen=True, slots=True)
class Steer:
    """The digest of what steers a review, and what there is to say before it begins."""

    digest: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Engine:
    """What every review needs, wherever its snapshot comes from."""

    rules: tuple[Rule, ...]
    templates: PromptTemplates
    texts: AgentTexts
    parser: Parser
    structural: Structural
    compile_pattern: PatternCompiler
    now: Clock
    choice: ModelChoice | None
    no_model: str = "no model is configured"
    """Why `choice` is None, in words for the report."""

    async def examine(self, matter: Matter) -> Examined:
        """Looks at everything the base policy does not exclude; says of every entry what was done with it."""
        if matter.model is None and self.choice is not None:
            return await replace(self, choice=None).examine(matter)
        snapshot = matter.snapshot
        allowed = enabled(self.rules, snapshot.policy.rules, own=snapshot.own_rules)
        rules = for_paths(allowed, snapshot.diffs)
        models = (self.choice.fast, self.choice.main, self.choice.deep) if self.choice else ()
        digest = steering(snapshot, allowed, self.templates, models)
        plan = make_plan(snapshot, matter.around.past, digest, self.choice, no_model=self.no_model)
        rooms, why_not = await _rooms(matter, plan)
        try:
            crew = self._crew(matter, plan, rules, rooms)
            notes = (*_steering_notes(snapshot), *why_not)
            examined = await self._examine(matter, plan, crew, rules, Steer(digest, notes))
            return replace(examined, basis=self._basis(snapshot, allowed, rules))
        finally:
            if rooms is not None:
                await rooms.close()

    def _basis(self, snapshot: Snapshot, allowed: tuple[Rule, ...], rules: tuple[Rule, ...]) -> Basis:
        texts = {one.name: getattr(self.templates, one.name) for one in fields(self.templates)}
        texts |= {f"agent_{one.name}": getattr(self.texts, one.name) for one in fields(self.texts)}
        return Basis(
            policy=policy_digest(snapshot.policy),
            policy_problems=len(snapshot.policy_problems),
            rule_packs=packs_used(allowed, rules),
            prompts=prompts_of(texts) if self.choice else (),
        )

    async def _examine(
        self, matter: Matter, plan: Plan, crew: Crew | None, rules: tuple[Rule, ...], steer: Steer
    ) -> Examined:
        snapshot, past = matter.snapshot, matter.around.past
        looked = await look_at_all(crew, plan, matter) if crew is not None else ()
        trees = await look_at_trees(matter.repository, self.structural, snapshot, rules)
        static, crowded = bounded(static_candidates(rules, snapshot, trees))
        said, unsure = trusted((c for one in looked for c in one.candidates), rules, core=plan.core)
        known = with_dismissals(past, matter.around.dismissed)
        sources = await self._sources(matter, {c.path for c in (*static, *said)}, known)
        placed, misplaced = _placed(static, said, snapshot, sources)
        matched = match(
            known,
            [one.finding for one in placed],
            head={path: (source.lines, source.symbols) for path, source in sources.items()}.get,
            added=_added(snapshot),
        )
        diffed = frozenset(snapshot.diffs)
        undiffed = frozenset(plan.tiers) - diffed
        asked = questions(
            matched, known, looked_at=plan.looked_at, finished=_finished(looked), diffed=diffed, undiffed=undiffed
        )
        verified, rechecked, notes = await _judged(crew, plan, asked)
        recollection = recollect(matched, asked, verified, rechecked, head=snapshot.head)
        return await conclude(
            matter,
            plan,
            Pieces(
                rules=rules,
                looked=looked,
                static=static,
                crowded=crowded,
                recollection=on_their_lines(recollection, snapshot.diffs, sources),
                judged=(verified, rechecked),
                dropped=(*unsure, *misplaced, *_untold(matched)),
                notes=(*steer.notes, *notes, *(crew.model.notes() if crew else ())),
                steering=steer.digest,
                no_model="" if self.choice else self.no_model,
            ),
            now=self.now(),
        )

    async def _sources(
        self, matter: Matter, paths: Iterable[str], known: Iterable[KnownFinding]
    ) -> Mapping[str, Source]:
        """The files with findings, new or known; where one of those is gone, the added files too: it may be renamed."""
        open_paths = {one.finding.location.path for one in known if one.state is not FindingState.FIXED}
        head = matter.snapshot.head
        found = await read_sources(matter.repository, self.parser, head, {*paths, *open_paths})
        if open_paths - found.keys():
            added = [path for path in _added(matter.snapshot) if path not in found]
            found |= await read_sources(matter.repository, self.parser, head, added[:MAX_NEW_PATHS])
        return found

    def _crew(self, matter: Matter, plan: Plan, rules: tuple[Rule, ...], rooms: Rooms | None) -> Crew | None:
        if self.choice is None or matter.model is None:
            return None
        return Crew(
            model=NoticingModel(matter.model),
            choice=self.choice,
            templates=self.templates,
            texts=self.texts,
            snapshot=matter.snapshot,
            system=_system(self.templates, matter.snapshot, told_in(rules, plan.highest), plan.highest),
            repository=matter.repository,
            parser=self.parser,
            compile_pattern=self.compile_pattern,
            rooms=rooms,
            cache_key=matter.cache_key,
            names=real_paths(entry.path for entry in matter.snapshot.entries),
        )


def _system(templates: PromptTemplates, snapshot: Snapshot, rules: tuple[Rule, ...], tier: Tier) -> Message:
    titles = tuple(rule for rule in rules if told_by_title(rule, tier))
    return system_message(templates, snapshot, [rule for rule in rules if rule not in titles], titles)


def _steering_notes(snapshot: Snapshot) -> tuple[str, ...]:
    """For people who wonder why what they wrote is not heeded: links in place of guidelines, and cut wishes."""
    links = (
        f"{display_path(path)} is a link at the base commit, so it is no guideline"
        for path in snapshot.linked_guidelines
    )
    return (*narrowed_notes(snapshot.narrowed), *links)


async def _rooms(matter: Matter, plan: Plan) -> tuple[Rooms | None, tuple[str, ...]]:
    """Where core findings are shown by running something, or a note that says why they are not."""
    if not any(one.tier is Tier.CORE for one in plan.groups):
        return None, ()
    if matter.sandboxes is None:
        return None, ("nothing was executed: no sandbox is configured",)
    try:
        isolation = await matter.sandboxes.isolation()
    except (SandboxRefused, SandboxUnavailable) as error:
        return None, (f"nothing was executed: {error}",)
    if isolation.mode is Mode.REFUSED:
        return None, (f"nothing was executed: {isolation.reason}",)
    return Rooms(matter.sandboxes, matter.repository), ()


def _placed(
    static: Iterable[Candidate], said: Iterable[Candidate], snapshot: Snapshot, sources: Mapping[str, Source]
) -> tuple[tuple[Placed, ...], tuple[Dropped, ...]]:
    """What is certain first: a claim of a model that is the same as a rule's adds nothing."""
    certain, _ = place(static, snapshot.diffs, sources)
    claimed, dropped = place(said, snapshot.diffs, sources)
    ids = {one.finding.id for one in certain}
    return (*certain, *(one for one in claimed if one.finding.id not in ids)), dropped


def _added(snapshot: Snapshot) -> tuple[str, ...]:
    return tuple(entry.path for entry in snapshot.entries if entry.status is Status.ADDED)


def _finished(looked: Iterable[Looked]) -> frozenset[str]:
    """The paths of which every reviewer came to an end."""
    states = [(path, isinstance(state, Reviewed)) for one in looked for path, state in one.coverage.items()]
    return frozenset(path for path, _ in states) - {path for path, done in states if not done}


def _untold(matched: Matched) -> tuple[Dropped, ...]:
    """Claims that say again what is known, for the record: nothing vanishes without a trace."""
    dismissed = [Dropped(claim_of(told.finding), f"dismissed before as {told.id}") for told in matched.left_out]
    return (*dismissed, *(Dropped(claim_of(told.finding), f"the same as {told.id}") for told in matched.restated))


async def _judged(crew: Crew | None, plan: Plan, asked: Questions) -> tuple[Verified, Verified, tuple[str, ...]]:
    """The claims, judged and proven; the doubts, judged; and what there is to say of the proofs."""
    if crew is None:  # then nobody looked at anything, so that nothing is claimed or in doubt
        return Verified(), Verified(), ()
    doubts = [kept.known.finding for kept in asked.doubts]
    verified, rechecked = await together(
        (
            verify(crew, asked.claims, plan.groups_of, plan.tier_of, label="judge"),
            verify(crew, doubts, plan.groups_of, plan.tier_of, label="recheck"),
        )
    )
    core = plan.core
    shown = await prove(crew, verified.kept, {path: some for path, some in plan.groups_of.items() if path in core})
    return replace(verified, kept=shown.findings), rechecked, shown.notes
