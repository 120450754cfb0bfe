"""The reviewing passes: each group of diffs is looked at as its tier asks, and once more across the groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.domain.answers import REVIEW_SCHEMA, ReviewAnswer, decode_review
from app.domain.coverage import Coverage, Reviewed, Unreviewed
from app.domain.entries import display_path
from app.domain.findings import Candidate
from app.domain.grouping import Group
from app.domain.memory import FindingState
from app.domain.progress import Progress
from app.domain.prompting import across_task, review_task, security_task
from app.domain.tiers import Tier
from app.usecases.agent import Finished, Unfinished
from app.usecases.review.crew import Crew
from app.usecases.review.examination import Matter
from app.usecases.review.notebook import Notebook
from app.usecases.review.planning import Plan
from app.usecases.together import together
from app.usecases.tools import Reads

SECURITY = "security"
ACROSS = "across"
_MOST_KNOWN = 50


@dataclass(frozen=True, slots=True)
class Looked:
    """What one group's reviewers came to. `trouble` is why one of them did not finish."""

    group: Group
    candidates: tuple[Candidate, ...]
    coverage: Mapping[str, Coverage]
    summary: str
    diagram: str
    reads: frozenset[str]
    trouble: Unfinished | None


async def look_at_all(crew: Crew, plan: Plan, matter: Matter) -> tuple[Looked, ...]:
    """Every group of the plan, in its order, and last the look across them; tells how far it is."""
    done: list[Looked] = []
    files = len(plan.tiers)
    known = _known(matter)

    async def one(group: Group) -> Looked:
        looked = await look(crew, group, known=known)
        done.append(looked)
        waiting = plan.looked_at - {path for other in done for path in other.coverage}
        await matter.tell(Progress(len(done), len(plan.groups), files - len(waiting), files))
        return looked

    looked = await together(one(group) for group in plan.groups)
    across = await look_across(crew, looked)
    return looked if across is None else (*looked, across)


def _known(matter: Matter) -> tuple[str, ...]:
    """What was said before and is open: a reviewer who leaves it out takes it for fixed, if its line is gone."""
    past = matter.around.past
    return tuple(
        f"{display_path(one.finding.location.path)}: {one.finding.title}"
        for one in (past.findings if past else ())
        if one.state is FindingState.OPEN
    )[:_MOST_KNOWN]


async def look(crew: Crew, group: Group, *, known: tuple[str, ...]) -> Looked:
    """One group in its tier; a core group is read twice, the second time by one who sees nothing that its author says.

    What was found is kept even of a reviewer who did not finish.
    """
    reads = Reads()
    name = group.label
    asked = [_reviewer(crew, group, name, known, reads)]
    if group.tier is Tier.CORE:
        asked.append(_blind(crew, group, name, reads))
    results = await together(asked)
    troubles = [result for _, result in results if isinstance(result, Unfinished)]
    answers = [result.value for _, result in results if isinstance(result, Finished)]
    candidates = [candidate for found, _ in results for candidate in found]
    state: Coverage = Unreviewed(troubles[0].reason) if troubles else Reviewed(group.tier)
    return Looked(
        group=group,
        candidates=tuple(candidates),
        coverage=dict.fromkeys(group.paths, state),
        summary=next((answer.walkthrough for answer in answers if answer.walkthrough), ""),
        diagram=next((answer.diagram for answer in answers if answer.diagram), ""),
        reads=frozenset(reads.paths),
        trouble=troubles[0] if troubles else None,
    )


_Result = tuple[tuple[Candidate, ...], Finished[ReviewAnswer] | Unfinished]


async def _reviewer(crew: Crew, group: Group, name: str, known: tuple[str, ...], reads: Reads) -> _Result:
    here = set(group.paths)
    others = tuple(c.entry.path for c in crew.snapshot.changes if c.entry.path not in here)
    task = review_task(crew.templates, crew.snapshot, group, others=others, known=known)
    notebook = Notebook()
    tools = crew.tools(group.tier, reads, notebook, label=name)
    result = await crew.review(name, crew.choice.of(group.tier), group, task, tools=tools, kept=notebook.kept)
    return _found(crew, name, notebook, result), result


async def _blind(crew: Crew, group: Group, name: str, reads: Reads) -> _Result:
    notebook, label = Notebook(), f"{SECURITY} {group.number}/{group.of}"
    result = await crew.review(
        label,
        crew.choice.deep,
        group,
        security_task(crew.templates, group),
        tools=crew.tools(Tier.CORE, reads, notebook, label=label),
        kept=notebook.kept,
    )
    return _found(crew, f"{name}, {SECURITY}", notebook, result), result


async def look_across(crew: Crew, looked: tuple[Looked, ...]) -> Looked | None:
    """One look over what the groups' reviewers wrote, where there is more than one. It covers nothing by itself; when
    it does not finish, no file of the groups is covered, for nobody has seen how they go together.
    """
    told = tuple(one for one in looked if one.summary or one.trouble is None)
    if len(told) < 2:  # noqa: PLR2004 - across what?
        return None
    reads, notebook = Reads(), Notebook()
    summaries = tuple((_name(one.group), _told(one)) for one in told)
    result = await crew.ask(
        ACROSS,
        crew.choice.main,
        (across_task(crew.templates, summaries),),
        schema=REVIEW_SCHEMA,
        decode=decode_review,
        tools=crew.tools(Tier.STANDARD, reads, notebook, label=ACROSS),
        kept=notebook.kept,
    )
    answer, trouble = (result.value, None) if isinstance(result, Finished) else (None, result)
    unseen = Unreviewed(f"nobody looked across the parts of the change: {trouble.reason}") if trouble else None
    return Looked(
        group=replace(told[0].group, sections=()),
        candidates=_found(crew, ACROSS, notebook, result),
        coverage=dict.fromkeys((path for one in looked for path in one.coverage), unseen) if unseen else {},
        summary=answer.walkthrough if answer else "",
        diagram=answer.diagram if answer else "",
        reads=frozenset(reads.paths),
        trouble=trouble,
    )


def _name(group: Group) -> str:
    return f"{group.label}: " + ", ".join(display_path(path) for path in group.paths)


def _told(one: Looked) -> str:
    claims = [f"- {display_path(c.path)}:{c.start_line}: {c.title}" for c in one.candidates]
    return "\n".join([one.summary or "(no summary)", *claims])


def _found(
    crew: Crew, source: str, notebook: Notebook, result: Finished[ReviewAnswer] | Unfinished
) -> tuple[Candidate, ...]:
    """What was recorded on the way, and what the answer adds to it."""
    answered = result.value.candidates if isinstance(result, Finished) else ()
    found = dict.fromkeys((*notebook.candidates, *answered))
    return tuple(
        replace(
            candidate,
            path=crew.real_path(candidate.path),
            quotes=tuple(replace(quote, path=crew.real_path(quote.path)) for quote in candidate.quotes),
            source=source,
        )
        for candidate in found
    )
