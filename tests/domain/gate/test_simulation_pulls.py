"""Pull requests in the table and in the JSON: numbers, who approved, and what was not looked at."""

from __future__ import annotations

from dataclasses import replace

from app.domain.gate.past_pull import Approval, PastPull
from app.domain.gate.simulation import PastMerge, Simulated, Simulation, totals
from app.domain.gate.simulation_json import simulation_json
from app.domain.gate.simulation_text import simulation_text
from app.domain.pull_request import Sha
from tests.domain.gate.test_simulation import PLAIN, TIP, WHEN, simulated

PULL = PastPull(208, "olga\x1b", Sha("b" * 40), Sha("d" * 40))
MERGE = PastMerge(Sha("c" * 40), (), WHEN, "Title\x1b[2J", PULL)
INDENT = " " * 32


def pulled(*approvals: Approval, path: str = "auth/a") -> Simulated:
    return replace(simulated(path), merge=MERGE, approvals=approvals)


def simulation(*merges: Simulated, most: int = 200, more: bool = False) -> Simulation:
    return Simulation("main", TIP, WHEN, "try.yml", more, merges, totals(merges), most=most, repository="acme/web")


def text(told: Simulation) -> list[str]:
    return simulation_text(told, PLAIN).split("\n")


def test_the_table_names_numbers_and_who_approved() -> None:
    lines = text(simulation(pulled(Approval("ann", True, True), Approval("bob", True, False)), pulled()))
    assert lines[:9] == [
        "Pull requests merged into main of acme/web since 2026-01-02, by try.yml",
        "CODEOWNERS is that of each pull request's base commit",
        "",
        "COMMIT        DATE        CORE  SUBJECT",
        "cccccccccccc  2026-01-02     1  #208 Title<U+001B>[2J",
        f"{INDENT}2 approvals of @alice or @acme/security for 1 path: Sign-in. (tiers.core: auth/** (policy))",
        f"{INDENT}approved by @ann, @bob (an earlier commit)",
        "cccccccccccc  2026-01-02     1  #208 Title<U+001B>[2J",
        f"{INDENT}2 approvals of @alice or @acme/security for 1 path: Sign-in. (tiers.core: auth/** (policy))",
    ]
    assert lines[9] == f"{INDENT}approved by nobody"


def test_approvals_that_are_worth_less_say_so() -> None:
    odd = (Approval(None, True, True), Approval("ci[bot]", False, False), Approval("x\x1b", True, True))
    lines = text(simulation(pulled(*odd, *(Approval(f"p{n}", True, True) for n in range(11)))))
    assert lines[6].startswith(
        f"{INDENT}approved by an account that is gone, @ci[bot] (no person, an earlier commit), @x<U+001B>, @p0, "
    )
    assert lines[6].endswith("@p8, 2 more")


def test_what_was_left_out_and_what_was_not_looked_at() -> None:
    assert "                     there are more: only the newest 1 are looked at" in text(
        simulation(pulled(), most=1, more=True)
    )
    assert "                     there may be more: GitHub's list is too long" in text(
        simulation(pulled(), most=2, more=True)
    )
    stopped = replace(simulation(pulled(), most=3, more=True), left=2, stopped="the limit\x1b of all")
    lines = text(stopped)
    assert "                     there are more: only the newest 3 are looked at" in lines
    assert "  not looked at      2: the limit<U+001B> of all" in lines


def test_the_same_as_json() -> None:
    stopped = replace(simulation(pulled(Approval(None, False, True))), left=2, stopped="the limit")
    value = simulation_json(stopped)
    assert {key: value[key] for key in ("repository", "codeowners", "not_looked_at", "stopped")} == {
        "repository": "acme/web",
        "codeowners": "base commit",
        "not_looked_at": 2,
        "stopped": "the limit",
    }
    (one,) = value["merges"]
    assert one["pull_request"] == {"number": 208, "author": "olga\x1b", "base": "b" * 40, "head": "d" * 40}
    assert one["approved_by"] == [{"login": None, "human": False, "on_head": True}]
    assert (one["commit"], one["parents"], one["subject"]) == ("c" * 40, [], "Title\x1b[2J")
