"""What every reviewer of one run works with: its models, prompts, tools and the limits of a pass."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from app.domain.answers import REVIEW_SCHEMA, ReviewAnswer, decode_review
from app.domain.grouping import MAX_CHARACTERS, MAX_GROUPS, Group
from app.domain.model import AnswerSchema, Message
from app.domain.prices import Price
from app.domain.prompting import PromptTemplates, data_message
from app.domain.snapshot import Snapshot
from app.domain.tiers import Tier
from app.ports import Model, Parser, PatternCompiler, Repository
from app.usecases.agent import AgentLimits, AgentTexts, Finished, Task, Tool, Unfinished, work
from app.usecases.review.notebook import Notebook
from app.usecases.review.noticing import NoticingModel
from app.usecases.review.rooms import Rooms
from app.usecases.tools import Reads, reading_tools
from app.usecases.tools.run import RunTool

T = TypeVar("T")

PASSES_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The models of the tiers, and what one pass may take."""

    model: Model
    fast: str
    main: str
    deep: str
    prices: Mapping[str, Price]
    chains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each model those that answer in its place when it does not."""
    limits: AgentLimits = field(default_factory=AgentLimits)
    group_characters: int = MAX_CHARACTERS
    """Of diff in one pass."""
    max_groups: int = MAX_GROUPS
    """What does not fit into so many is not reviewed, and the report says so."""

    def of(self, tier: Tier) -> str:
        """The model that reviews entries of a tier."""
        return {Tier.LIGHT: self.fast, Tier.CORE: self.deep}.get(tier, self.main)


@dataclass(frozen=True, slots=True)
class Crew:
    """`model` is the run's own: it remembers, counts and pays. `rooms` is None where nothing may be executed."""

    model: NoticingModel
    choice: ModelChoice
    templates: PromptTemplates
    texts: AgentTexts
    snapshot: Snapshot
    system: Message
    repository: Repository
    parser: Parser
    compile_pattern: PatternCompiler
    rooms: Rooms | None
    cache_key: str
    names: Mapping[str, str]
    """The changed paths by how a prompt shows them."""
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PASSES_AT_ONCE))

    def tools(self, tier: Tier, reads: Reads, notebook: Notebook, *, label: str) -> tuple[Tool, ...]:
        """All that a reviewer of a tier may use: the same for each, since tools are where a provider's cache begins.

        `label` is the task's own, and names in records what it runs.
        """
        if tier is Tier.LIGHT:
            return ()
        skills = tuple((skill.name, skill.path) for skill in self.snapshot.skills)
        looking = reading_tools(
            self.repository,
            self.parser,
            self.compile_pattern,
            self.snapshot,
            reads,
            skills=skills,
            names=self.names,
        )
        if tier is not Tier.CORE or self.rooms is None:
            return (*looking, notebook)
        return (*looking, notebook, RunTool(self.rooms.at(self.snapshot.head), label=label))

    async def review(
        self,
        label: str,
        model: str,
        group: Group,
        task: Message,
        *,
        tools: tuple[Tool, ...] = (),
        kept: Callable[[], str] = str,
    ) -> Finished[ReviewAnswer] | Unfinished:
        """An answer in the form of a review, about one group of diffs."""
        return await self.ask(
            label,
            model,
            (data_message(self.templates, group), task),
            schema=REVIEW_SCHEMA,
            decode=decode_review,
            tools=tools,
            kept=kept,
        )

    async def ask(
        self,
        label: str,
        model: str,
        messages: tuple[Message, ...],
        *,
        schema: AnswerSchema,
        decode: Callable[[str], T],
        tools: tuple[Tool, ...],
        kept: Callable[[], str] = str,
    ) -> Finished[T] | Unfinished:
        """One task for one reviewer; only so many are at work at the same time."""
        task = Task(
            label=label,
            model=model,
            messages=(self.system, *messages),
            schema=schema,
            decode=decode,
            tools=tools,
            cache_key=self.cache_key,
            kept=kept,
        )
        async with self.turns:
            return await work(self.model, task, self.choice.limits, self.texts)

    def real_path(self, shown: str) -> str:
        """An answer repeats a path as the prompt showed it."""
        return self.names.get(shown, shown)
