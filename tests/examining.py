"""The engine on real git repositories, with a model in the same process: from two commits to a report."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from pathlib import Path

from app.adapters.git.local import open_local
from app.adapters.rules.files import load_rules
from app.adapters.rules.patterns import Re2Pattern
from app.domain.errors import ModelUnavailable
from app.domain.model import Completion, ModelRequest, Role, StopReason, Usage
from app.domain.policy import ParsedPolicy, Policy
from app.domain.pull_request import Sha
from app.domain.rules import Rule
from app.domain.snapshot import Snapshot
from app.domain.symbols import Symbol
from app.ports import Model
from app.usecases.agent import AgentLimits
from app.usecases.review.around import Around
from app.usecases.review.crew import ModelChoice
from app.usecases.review.engine import Engine
from app.usecases.review.examination import Examined, Matter
from app.usecases.review.gather import gather
from app.wiring.engine import load_agent_texts, load_templates

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
Said = dict[str, object]
Say = Callable[["Asked"], "Said | Completion"]

_FILE = re.compile(r"=== file: (?P<path>.*) \((?P<words>[^()]*)\)")
_ROW = re.compile(r" *(?P<number>\d*)\|(?P<mark>[ +-])(?P<text>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a diff as a prompt shows it; a removed line has no number."""

    path: str
    number: int | None
    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, read as a model reads it."""

    request: ModelRequest

    @property
    def task(self) -> str:
        return self._task.partition("\n")[0].removeprefix("# Task: ")

    @property
    def data(self) -> str:
        """The message with the diffs; empty for a look across."""
        return "" if self._user[0] == self._task else self._user[0]

    @property
    def tier(self) -> str:
        """Of the group whose diffs are shown."""
        return self.label.partition(" ")[0]

    @property
    def label(self) -> str:
        """Of that group, as in `standard 1/2`."""
        return self.data.partition("\n")[0].removeprefix("# Files of group ")

    @property
    def number(self) -> int:
        """Of that group."""
        return int(self.label.split(" ")[1].partition("/")[0])

    @property
    def paths(self) -> frozenset[str]:
        """The files of which a part is shown."""
        return frozenset(header["path"] for line in self.data.split("\n") if (header := _FILE.fullmatch(line)))

    @property
    def claim(self) -> Said:
        """What a judge is asked about."""
        text = self._task
        found, _ = json.JSONDecoder().raw_decode(text, text.index("\n{\n") + 1)
        assert isinstance(found, dict)
        return found

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every line of every diff, in the order of the prompt."""
        return tuple(rows_of(self.data))

    @property
    def _task(self) -> str:
        return next(text for text in reversed(self._user) if text.startswith("# Task: "))

    @property
    def _user(self) -> list[str]:
        return [message.text for message in self.request.messages if message.role is Role.USER]


def rows_of(data: str) -> Iterator[Row]:
    path = ""
    for line in data.split("\n"):
        if header := _FILE.fullmatch(line):
            path = header["path"]
        elif row := _ROW.fullmatch(line):
            yield Row(path, int(row["number"]) if row["number"] else None, row["mark"], row["text"])


def claim_of(row: Row, **changes: object) -> Said:
    """A finding on one line, quoted as the prompt shows it."""
    return {
        "rule": None,
        "path": row.path,
        "start_line": row.number,
        "end_line": row.number,
        "severity": "P1",
        "title": "It breaks",
        "body": "It does.",
        "failing_case": "Any input.",
        "quotes": [{"path": row.path, "line": row.number, "text": row.text}],
        "confidence": 0.9,
        "suggestion": None,
    } | changes


def answer(*findings: Said, summary: str = "It changes something.") -> Said:
    return {"findings": list(findings), "summary": summary, "diagram": None}


def confirm(asked: Asked) -> Said:
    """The claim as it stands, proven with the first line of its file that the prompt shows with words in it."""
    claim = asked.claim
    shown = (row for row in asked.rows if row.path == claim["path"] and row.mark != "-" and row.text.strip())
    row = next(shown, None)
    if row is None:
        return answer()
    return answer(claim | {"quotes": [{"path": row.path, "line": row.number, "text": row.text}]})


def nothing(_: Asked) -> Said:
    return answer()


@dataclass(slots=True)
class InMemory(Model):
    """Says at once what `say` says, and remembers what it was asked."""

    say: Say = nothing
    asked: list[Asked] = field(default_factory=list)

    async def complete(self, request: ModelRequest) -> Completion:
        asked = Asked(request)
        self.asked.append(asked)
        said = self.say(asked)
        return said if isinstance(said, Completion) else complete(json.dumps(said))


def complete(text: str, stop: StopReason = StopReason.COMPLETE) -> Completion:
    return Completion(text, stop, Usage(100, 0, 10), "in memory")


def outage(_: Asked) -> Said:
    raise ModelUnavailable("nobody is at home")


class NoParser:
    """Knows no language: implements ports.Parser and ports.Structural."""

    async def outline(self, path: str, text: str) -> tuple[Symbol, ...] | None:
        return None

    async def mentions(self, path: str, text: str, name: str) -> tuple[int, ...] | None:
        return None

    async def structural(
        self, path: str, text: str, rules: tuple[tuple[str, Mapping[str, object]], ...]
    ) -> tuple[tuple[str, int], ...] | None:
        return None

    async def check_structural(self, language: str, rule: Mapping[str, object]) -> None:
        raise ValueError(f"nobody knows {language}")


@cache
def shipped_rules() -> tuple[Rule, ...]:
    """Reading them takes a moment."""
    return load_rules(resources.files("review_rules"))


@dataclass(frozen=True, slots=True)
class Seen:
    """An examination, and all that was there to see of it."""

    examined: Examined
    snapshot: Snapshot
    model: InMemory

    @property
    def paths(self) -> tuple[str, ...]:
        """Of the ledger."""
        return tuple(entry.path for entry in self.examined.report.ledger.entries)


async def examine(
    git_dir: Path,
    base: str,
    head: str,
    *,
    say: Say = nothing,
    policy: Policy | None = None,
    group_characters: int = 60_000,
    max_groups: int = 80,
    around: Around | None = None,
) -> Seen:
    """Gathers and examines what lies between two commits of a bare repository, as a worker does."""
    repository = await open_local(git_dir)
    snapshot = await gather(repository, _no_file, base=Sha(base), head=Sha(head), title="A change", body="Words.")
    snapshot = replace(snapshot, policy=policy or snapshot.policy)
    model = InMemory(say)
    choice = ModelChoice(
        model,
        fast="fast",
        main="main",
        deep="deep",
        prices={},
        limits=AgentLimits(steps=4),
        group_characters=group_characters,
        max_groups=max_groups,
    )
    engine = Engine(
        rules=shipped_rules(),
        templates=load_templates(),
        texts=load_agent_texts(),
        parser=NoParser(),
        structural=NoParser(),
        compile_pattern=Re2Pattern.parse,
        now=lambda: NOW,
        choice=choice,
    )
    examined = await engine.examine(Matter(snapshot, repository, model=model, around=around or Around()))
    return Seen(examined, snapshot, model)


def _no_file(_: bytes, path: str) -> ParsedPolicy:
    raise AssertionError(f"these repositories have no {path}")
