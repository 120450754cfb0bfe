"""Plays a recorded review back through the engine of this version, without a model, a network or a sandbox."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.adapters.rules.syntax import installed
from app.domain.comparable import comparable
from app.domain.errors import SessionInvalid
from app.domain.money import Caps, caps_for
from app.domain.report_json import report_json
from app.domain.session import Header, Session
from app.domain.session_diff import State, text_diff
from app.domain.session_file import report_line
from app.usecases.replaying import Compared, RecordedAnswers, ReplayModel, ReplaySandboxes
from app.usecases.review.examination import Matter
from app.wiring.engine import open_engine_without_model, rules_reader
from app.wiring.local import CACHE_KEY, Range, examined, freeze, local_meter
from app.wiring.session_header import choice_of

_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Replayed:
    """Every call, every command that only one of the two runs had, and how the report differs ("" if it does not)."""

    calls: tuple[Compared, ...]
    commands: tuple[Compared, ...]
    report_diff: str

    @property
    def identical(self) -> bool:
        """Whether the same was asked, and the report is the same, byte for byte."""
        return not (self.report_diff or self.commands or any(one.state is not State.SAME for one in self.calls))


async def replay(session: Session, repository: Path) -> Replayed:
    """Raises GitFailed where the repository lacks the commits, SessionInvalid where this version cannot replay it."""
    header = session.header
    choice = choice_of(header, RecordedAnswers(session))
    if header.parser != installed():
        has, lacks = ("with", "without") if header.parser else ("without", "with")
        raise SessionInvalid(
            f"it was recorded {has} the extra `structural`, and this installation is {lacks} it: syntax trees are part "
            f"of what is asked; replay it with an installation {has} the extra"
        )
    sandboxes = ReplaySandboxes(session)
    async with open_engine_without_model() as engine:
        snapshot, found = await freeze(_range(header, repository), rules_reader(engine.rules))
        meter = local_meter(choice, Caps(None))  # what a cap refused then is refused as it was recorded
        model = ReplayModel(session, meter)
        matter = Matter(
            snapshot, found, model=model, sandboxes=sandboxes if header.sandbox else None, cache_key=CACHE_KEY
        )
        report = await examined(replace(engine, choice=choice), matter, meter)
    bill = None
    if report.bill is not None:
        bill = replace(report.bill, cap=caps_for(snapshot.policy.limits, Caps(header.cap_usd)).pull_request)
    now = report_json(comparable(replace(report, bill=bill), refused=session.refused))
    return Replayed(model.compared(), sandboxes.compared(), _report_diff(session.report or {}, now))


def _range(header: Header, repository: Path) -> Range:
    for sha in (header.base, header.head):
        if not _SHA.fullmatch(sha):
            raise SessionInvalid(f"{sha[:60]!r} is no id of a commit")
    return Range(repository, header.base, header.head)


def _report_diff(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    if report_line(before) == report_line(now):
        return ""
    return text_diff(*(json.dumps(one, indent=2, sort_keys=True) for one in (before, now)))
