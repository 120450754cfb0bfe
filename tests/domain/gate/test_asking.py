"""Whom the gate asks: what happened, who is asked already; who has how much to do, and who is asked now."""

from __future__ import annotations

import pytest

from app.domain.codeowners import parse_codeowners
from app.domain.gate.asking import Ask, Asked, candidates
from tests.gate_stage import Stage

CASES = [
    # Nobody is asked for nothing.
    ("strict", "readme=2", "", "", ""),
    ("strict", "auth=2", "bob+", "", ""),
    ("strict", "auth=2", "many", "", ""),
    # A team in place of its members, whatever they have to do.
    ("strict", "auth=2", "", "", "@acme/sec"),
    ("strict", "auth=2", "", "@acme/sec", ""),
    ("strict", "auth=2", "", "bob", ""),
    ("strict", "auth=2", "", "dave", "@acme/sec"),
    ("strict", "auth=2", "by:bob", "", "@acme/sec"),
    ("strict", "auth=2", "by:bob", "bob", "@acme/sec"),
    ("strict", "auth=2", "by:bob for:carol", "", "nobody"),
    ("strict", "auth=2", "sec:", "", "nobody"),
    ("strict", "auth=2", "sec:ann", "", "nobody"),
    ("strict", "auth=2", "sec:eve", "", "nobody"),
    ("strict", "auth=2", "sec:?", "", "nobody"),
    ("strict", "auth=2", "sec:bot bot+", "", "nobody"),
    ("two", "auth=2", "", "", "@acme/sec"),
    ("two", "auth=2", "by:bob", "", "@acme/sec dave"),
    ("two", "auth=2", "by:bob", "@acme/sec", "dave"),
    ("two", "auth=2", "by:bob", "@acme/sec dave", ""),
    ("two", "auth=2", "by:bob dave=read", "", "@acme/sec too few"),
    ("two", "auth=2", "sec:?", "", "dave too few"),
    ("two", "auth=2", "bob+", "", "@acme/sec"),
    ("two", "auth=2", "bob+ carol~", "", ""),
    ("two", "auth=2", "name:dave= sec:bob", "", "@acme/sec too few"),
    # Who has the least to do, then by name.
    ("none", "db=2,auth=2", "policy:owned", "", "carol"),
    ("owned", "auth=2", "", "", "bob"),
    ("owned", "auth=2", "", "; bob=1 carol=1", "dave"),
    ("owned", "auth=2", "", "; bob=3 carol=2 dave=2", "carol"),
    ("owned", "auth=2", "", "eve", "bob"),
    ("owned", "auth=2", "", "unknown", "bob"),
    ("owned", "auth=2", "", "carol", ""),
    ("owned", "auth=2", "by:bob for:carol", "", "dave"),
    ("owned", "auth=2", "by:bob for:carol dave=read", "", "nobody"),
    # One person for several requirements, in spite of what they have to do.
    ("owned", "auth=2,db=2", "", "; carol=9", "carol"),
    ("both", "auth=2", "", "; dave=9", "bob dave"),
    ("both", "auth=2", "bob+", "", "dave"),
    ("both", "db=2", "", "", "carol too few"),
    ("strict", "auth=2,flow=2", "", "", "@acme/sec"),
    # Who spoke and did not approve is waited for; who approved something older is asked again.
    ("strict", "auth=2", "bob-", "", ""),
    ("strict", "auth=2", "bob~", "", ""),
    ("strict", "auth=2", "bob- auth=3", "", ""),
    ("strict", "auth=2", "bob+ bob!", "", ""),
    ("strict", "auth=2", "bob+ auth=3 bob!", "", "@acme/sec"),
    ("owned", "db=2", "carol+ db=3", "", "carol"),
    ("owned", "db=2", "carol+ db=3", "carol", ""),
    ("owned", "db=2", "carol+ db=3 carol~", "", ""),
    ("owned", "db=2", "carol+ onto:owned", "", "carol"),
    ("owned", "db=2", "ghost+ dave+", "", "carol"),
    ("owned", "db=2", "carol=read", "", "nobody"),
]


@pytest.mark.parametrize(("policy", "first", "steps", "before", "expected"), CASES)
def test_who_is_asked(policy: str, first: str, steps: str, before: str, expected: str) -> None:
    stage = Stage.of(policy, first).play(steps)
    asked, _, busy = before.partition(";")
    users = frozenset(name for name in asked.split() if not name.startswith("@"))
    teams = frozenset(name[1:] for name in asked.split() if name.startswith("@"))
    loads = {name: int(number) for name, number in (load.split("=") for load in busy.split())}

    assert _told(candidates(stage.decide(), stage.facts, Asked(users, teams), loads)) == expected


def _told(ask: Ask) -> str:
    rest = ["nobody"] * len(ask.nobody) + ["too few"] * len(ask.too_few)
    return " ".join([*(f"@{team}" for team in ask.teams), *ask.users, *rest])


@pytest.mark.parametrize(("loads", "team"), [({}, "acme/ops"), ({"acme/ops": 1}, "acme/sec")])
def test_the_team_with_the_fewest_requests_is_asked(loads: dict[str, int], team: str) -> None:
    stage = Stage.of("none", "flow=2")
    stage.codeowners = parse_codeowners(b"* @acme/sec @Acme/Ops")
    stage.teams = {**stage.teams, "acme/ops": frozenset({4})}
    assert candidates(stage.decide(), stage.facts, Asked(), loads) == Ask(teams=(team,))


def test_members_of_whom_nothing_is_known_are_asked_as_a_team_and_not_by_name() -> None:
    stage = Stage.of("two", "auth=2")
    stage.permissions = {}
    assert candidates(stage.decide(), stage.facts, Asked(), {}) == Ask(teams=("acme/sec",))


def test_what_nobody_can_approve_is_named() -> None:
    stage = Stage.of("strict", "auth=2,flow=2").play("sec:")
    decision = stage.decide()
    ask = candidates(decision, stage.facts, Asked(), {})
    assert ask.nobody == (decision.requirements[0].requirement,)
    assert ask.users == ("dave",)
