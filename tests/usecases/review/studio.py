"""A crew over a small change in memory, with models that answer by the label of what they are asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.adapters.rules.patterns import Re2Pattern
from app.domain.findings import Finding
from app.domain.grouping import Group
from app.domain.model import Completion, Message, ModelRequest, Role
from app.domain.policy import Policy
from app.domain.severity import Severity
from app.domain.shown import real_paths
from app.domain.snapshot import Snapshot
from app.domain.tiers import Tier
from app.ports import Sandboxes
from app.usecases.agent import AgentLimits
from app.usecases.review.crew import Crew, ModelChoice
from app.usecases.review.noticing import NoticingModel
from app.usecases.review.planning import Plan, make_plan
from app.usecases.review.rooms import Rooms
from app.wiring.engine import load_templates
from tests.build import BASE, HEAD, finding, snapshot
from tests.fakes.code import DefParser
from tests.fakes.repository import FakeRepository
from tests.fakes.scripted_model import ScriptedModel, says
from tests.usecases.asking import TEXTS

Answer = Mapping[str, object] | Exception | Completion
Answers = Callable[[str], Answer]

TEMPLATES = load_templates()
EMPTY: Mapping[str, object] = {"findings": [], "summary": "", "diagram": None}
BEFORE = {"pay/a.py": b"def pay(x):\n    return x\n", "app/b.py": b"b = 1\n", "docs/c.md": b"c\n"}
AFTER = {"pay/a.py": b"def pay(x):\n    return x / 0\n", "app/b.py": b"b = int(a)\n", "docs/c.md": b"cc\n"}


def claim(path: str, line: int, text: str, **changes: object) -> dict[str, object]:
    """One finding as a model says it, with its quote."""
    return {
        "rule": None,
        "path": path,
        "start_line": line,
        "end_line": line,
        "severity": "P1",
        "title": f"wrong in {path}",
        "body": "b",
        "failing_case": "any",
        "quotes": [{"path": path, "line": line, "text": text}],
        "confidence": 0.9,
        "suggestion": None,
    } | changes


def told(*findings: Mapping[str, object], summary: str = "", diagram: str | None = None) -> Mapping[str, object]:
    return {"findings": list(findings), "summary": summary, "diagram": diagram}


def about(path: str = "pay/a.py", line: int = 2, *, severity: Severity = Severity.P1, id_: str = "F1") -> Finding:
    return finding(id_, severity=severity, path=path, line=line)


@dataclass
class Studio:
    """`answers` maps the label of a task to what is said about it; by default, nothing is found."""

    answers: Answers = lambda _: EMPTY
    before: Mapping[str, bytes] = field(default_factory=lambda: BEFORE)
    after: Mapping[str, bytes] = field(default_factory=lambda: AFTER)
    policy: Policy = field(default_factory=Policy)
    sandboxes: Sandboxes | None = None
    limits: AgentLimits = field(default_factory=AgentLimits)

    def __post_init__(self) -> None:
        self.repository = FakeRepository({BASE: self.before, HEAD: self.after}, BASE)
        self.model = ScriptedModel(self._answer)

    @property
    def labels(self) -> list[str]:
        """Of the tasks that were asked, without their steps."""
        return [request.label.partition(", ")[0] for request in self.model.seen]

    @property
    def choice(self) -> ModelChoice:
        return ModelChoice(self.model, "fast", "main", "deep", {}, limits=self.limits)

    async def snapshot(self) -> Snapshot:
        return snapshot(*await self.repository.changes(BASE, HEAD), policy=self.policy)

    async def crew(self) -> Crew:
        frozen = await self.snapshot()
        return Crew(
            model=NoticingModel(self.model),
            choice=self.choice,
            templates=TEMPLATES,
            texts=TEXTS,
            snapshot=frozen,
            system=Message(Role.SYSTEM, "You review."),
            repository=self.repository,
            parser=DefParser(),
            compile_pattern=Re2Pattern.parse,
            rooms=None if self.sandboxes is None else Rooms(self.sandboxes, self.repository),
            cache_key="key",
            names=real_paths(entry.path for entry in frozen.entries),
        )

    async def plan(self) -> Plan:
        return make_plan(await self.snapshot(), None, "", self.choice, no_model="")

    async def group(self, tier: Tier) -> Group:
        return next(one for one in (await self.plan()).groups if one.tier is tier)

    def _answer(self, request: ModelRequest) -> Completion:
        said = self.answers(request.label.partition(", ")[0])
        if isinstance(said, Exception):
            raise said
        return said if isinstance(said, Completion) else says(json.dumps(said))
