"""A change to examine without GitHub, git and Redis: the engine as it is wired, files in memory, a model over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from app.adapters.llm.client import open_model
from app.adapters.rules.patterns import Re2Pattern
from app.domain.errors import SandboxRefused
from app.domain.policy import Policy, TierPolicy
from app.domain.pull_request import Sha
from app.domain.sandbox import Isolation, Mode
from app.ports import Model, Sandbox, Sandboxes, Tree
from app.usecases.agent import AgentLimits
from app.usecases.review.around import Around
from app.usecases.review.crew import ModelChoice
from app.usecases.review.engine import Engine
from app.usecases.review.examination import Examined, Matter
from app.wiring.engine import load_agent_texts, load_templates
from tests.build import BASE, HEAD, snapshot
from tests.fakes.code import DefParser
from tests.fakes.model import FakeModel
from tests.fakes.repository import FakeRepository
from tests.world import MODEL_KEY

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
NEXT = Sha("d" * 40)
"""A push after HEAD."""

LIGHT, STANDARD, CORE = "docs/price.lock", "app/price.py", ".github/workflows/price.yml"
LIMITS = AgentLimits(steps=6, call_seconds=60.0, seconds=120.0, output_tokens=2_000, total_tokens=400_000)
POLICY = Policy(tiers=TierPolicy(light=("docs/**",)))


class NoShapes:
    """Implements ports.Structural: no parser reads anything."""

    async def structural(
        self, path: str, text: str, rules: tuple[tuple[str, Mapping[str, object]], ...]
    ) -> tuple[tuple[str, int], ...] | None:
        return None

    async def check_structural(self, language: str, rule: Mapping[str, object]) -> None:
        """Every rule will do."""


class NoCommands:
    """Implements ports.Sandboxes: there is one, and it runs nothing."""

    async def isolation(self) -> Isolation:
        return Isolation(mode=Mode.FULL, reason="", remedy="", cgroup="none", own_user=False)

    def open(self, tree: Tree, *, git: bool = False) -> AbstractAsyncContextManager[Sandbox]:
        raise SandboxRefused(f"no command on {tree.commit} today")


@dataclass
class Scene:
    """`files` are those of each commit; a commit changes what the base has."""

    model: Model
    files: dict[Sha, dict[str, bytes]]
    limits: AgentLimits = LIMITS
    sandboxes: Sandboxes | None = None
    names: tuple[str, str, str] = ("fast", "main", "deep")
    repository: FakeRepository = field(init=False)

    def __post_init__(self) -> None:
        self.repository = FakeRepository(self.files, BASE)

    async def examine(self, head: Sha = HEAD, *, around: Around | None = None) -> Examined:
        changes = await self.repository.changes(BASE, head)
        frozen = replace(snapshot(*changes, policy=POLICY), head=head)
        matter = Matter(frozen, self.repository, model=self.model, sandboxes=self.sandboxes, around=around or Around())
        return await self.engine().examine(matter)

    def engine(self) -> Engine:
        choice = ModelChoice(self.model, *self.names, {}, limits=self.limits)
        return Engine(
            rules=(),
            templates=load_templates(),
            texts=load_agent_texts(),
            parser=DefParser(),
            structural=NoShapes(),
            compile_pattern=Re2Pattern.parse,
            now=lambda: NOW,
            choice=choice,
        )


@asynccontextmanager
async def over_http(server: FakeModel) -> AsyncIterator[Model]:
    """The adapter, speaking to the stand-in; it does not try again by itself."""
    async with open_model(api="responses", base_url=server.base_url, api_key=MODEL_KEY, max_retries=0) as model:
        yield model
