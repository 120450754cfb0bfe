"""What past merges would have waited for: values, totals, the table and the JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from app.domain.codeowners import parse_codeowners
from app.domain.entries import Entry, Kind, Side, Status
from app.domain.gate.simulation import (
    ANYONE,
    MAX_TOP_PATHS,
    Asked,
    AskingPath,
    PastMerge,
    Simulated,
    Simulation,
    totals,
)
from app.domain.gate.simulation_json import simulation_json
from app.domain.gate.simulation_text import simulation_text
from app.domain.policy import CoreRequirement, Policy, TierPolicy
from app.domain.pull_request import Sha
from app.domain.terminal import Style

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TIP = Sha("f" * 40)
PLAIN = Style(colour=False, width=4_000)
POLICY = Policy(
    tiers=TierPolicy(
        core=(
            CoreRequirement(("auth/**",), 2, ("@acme/Security", "@Alice"), "Sign-in."),
            CoreRequirement(("db/**",), 1, (), ""),
        )
    )
)
OWNERS = parse_codeowners(b"db/ @dba\ndb/old @alice\ndb/mail x@example.com\n")


def simulated(*paths: str, subject: str = "A change", number: int = 1, policy: Policy = POLICY) -> Simulated:
    side = Side("100644", "1" * 40, Kind.FILE)
    entries = [Entry(path, Status.ADDED, None, side) for path in paths]
    return Simulated.of(merge(number, subject), entries, policy, OWNERS)


def merge(number: int = 1, subject: str = "A change") -> PastMerge:
    return PastMerge(Sha(f"{number:040x}"), (Sha("e" * 40),), WHEN, subject)


def simulation(*merges: Simulated, more: bool = False) -> Simulation:
    return Simulation("main", TIP, WHEN, "try.yml", more, merges, totals(merges))


def text(*merges: Simulated, style: Style = PLAIN, more: bool = False) -> list[str]:
    return simulation_text(simulation(*merges, more=more), style).split("\n")


def test_a_merge_says_what_it_would_have_waited_for() -> None:
    one = simulated("auth/a", "auth/b", "db/x", "README.md")

    assert (one.changed, one.core, one.unknown) == (4, ("auth/a", "auth/b", "db/x"), "")
    assert [(need.approvals, need.paths, need.reason) for need in one.needs] == [(2, 2, "Sign-in."), (1, 1, "")]


def test_a_path_that_two_entries_name_is_one_core_path() -> None:
    core = (CoreRequirement(("a/**",), 1, ("@bob",), ""), CoreRequirement(("**/x",), 1, ("@eve",), ""))
    one = simulated("a/x", policy=Policy(tiers=TierPolicy(core=core)))
    assert (one.core, len(one.needs)) == (("a/x",), 2)


def test_totals_of_several_merges() -> None:
    sums = totals(
        [
            simulated("auth/a", "db/x"),
            simulated("db/x", "db/old"),
            simulated("db/mail"),
            simulated("AGENTS.md"),
            simulated("README.md"),
            Simulated.untold(merge(), "unrelated"),
        ]
    )

    assert (sums.merges, sums.waiting, sums.unknown, sums.impossible, sums.approvals) == (6, 4, 1, 1, 7)
    assert sums.percent == 80
    assert sums.asked == (
        Asked("@alice", merges=2, approvals=3, alone=1),
        Asked("@acme/security", merges=1, approvals=2, alone=0),
        Asked("@dba", merges=2, approvals=2, alone=2),
        Asked(ANYONE, merges=1, approvals=1, alone=1),
        Asked("x@example.com", merges=1, approvals=1, alone=1),
    )
    assert sums.core_paths == 5
    assert sums.paths[:2] == (AskingPath("db/x", 2), AskingPath("AGENTS.md", 1))


def test_one_merge_counts_once_for_a_person_who_is_named_twice() -> None:
    core = tuple(CoreRequirement((f"{name}/**",), 1, ("@bob",), name) for name in ("a", "b"))
    sums = totals([simulated("a/1", "b/1", policy=Policy(tiers=TierPolicy(core=core)))])
    assert sums.asked == (Asked("@bob", merges=1, approvals=2, alone=2),)


def test_nothing_has_totals_too() -> None:
    sums = totals([])
    assert (sums.merges, sums.percent, sums.asked, sums.paths) == (0, 0.0, (), ())
    assert totals([Simulated.untold(merge(), "why")]).percent == 0.0


def test_only_some_of_many_paths_are_named() -> None:
    sums = totals([simulated(*(f"auth/{number}" for number in range(MAX_TOP_PATHS + 1)))])
    assert (len(sums.paths), sums.core_paths) == (MAX_TOP_PATHS, MAX_TOP_PATHS + 1)


def test_the_table() -> None:
    untold = Simulated.untold(merge(3, "Odd"), "no common ancestor")
    assert text(simulated("auth/a", "auth/b"), simulated("README.md", number=2), untold) == [
        "Merges into main since 2026-01-02, by try.yml",
        "",
        "COMMIT        DATE        CORE  SUBJECT",
        "000000000000  2026-01-02     2  A change",
        " " * 32 + "2 approvals of @alice or @acme/security for 2 paths: Sign-in. (tiers.core: auth/** (policy))",
        "000000000000  2026-01-02     0  A change",
        "000000000000  2026-01-02     ?  Odd",
        " " * 32 + "not known: no common ancestor",
        "",
        "Totals",
        "  merges seen        3",
        "  would have waited  1 (50.0 %)",
        "  not known          1, left out of the percentage",
        "  approvals          2",
        "",
        "Asked for approvals (of these alone; in so many merges)",
        "       2 (0; 1)  @acme/security",
        "       2 (0; 1)  @alice",
        "",
        "Paths that asked most (in so many merges)",
        "       1  auth/a",
        "       1  auth/b",
    ]


def test_no_merges_are_told_as_well() -> None:
    assert text() == [
        "Merges into main since 2026-01-02, by try.yml",
        "",
        "Totals",
        "  merges seen        0",
        "  would have waited  0 (0.0 %)",
        "  approvals          0",
    ]


def test_what_nobody_can_approve_and_what_was_left_out_is_said() -> None:
    cut = replace(simulation(simulated("db/mail"), more=True), most=1)
    lines = simulation_text(cut, PLAIN).split("\n")
    assert "1 approval of x@example.com for 1 path, which nobody can give: only e-mail addresses are named" in lines[4]
    assert "                     there are more: only the newest 1 are looked at" in lines
    assert "  never approvable   1, for which only e-mail addresses are named" in lines


def test_long_lists_are_cut_with_a_count() -> None:
    core = (CoreRequirement(tuple(f"{n}/**" for n in range(5)), 1, tuple(f"@p{n:02}" for n in range(14)), ""),)
    one = simulated(*(f"{n}/{m}" for n in range(5) for m in range(3)), policy=Policy(tiers=TierPolicy(core=core)))
    lines = text(one)

    assert "@p10 or @p11 or 2 more for 15 paths: tiers.core: 0/** (policy), " in lines[4]
    assert lines[4].endswith("tiers.core: 2/** (policy), 2 more")
    assert lines.count("  … and 4 more") == 1
    assert lines[-1] == "  … and 5 more"


def test_a_subject_and_a_path_cannot_move_the_cursor_of_a_terminal() -> None:
    odd = "auth/\x1b[2J\udcff\n"
    told = "\n".join(
        text(simulated(odd, subject="\x1b]0;x\x07 \u202e a\tb \r c"), Simulated.untold(merge(), "\x1b[1m"))
    )

    assert not {"\x1b", "\x07", "\u202e", "\r", "\t", "\udcff"} & {*told}
    assert "<U+001B>]0;x<U+0007> <U+202E> a b" in told
    assert r"auth/\x1b[2J\xff\x0a" in told


def test_a_narrow_terminal_gets_lines_that_fit() -> None:
    lines = text(simulated("auth/a", subject="word " * 50), style=Style(colour=False, width=80))
    assert max(map(len, lines)) <= 80
    assert lines[3].endswith("…")
    assert lines[5].startswith(" " * 34)
    assert len(text(simulated("auth/a"), style=Style(colour=False, width=1))) > len(lines)


def test_colours_where_they_are_wanted() -> None:
    lines = text(simulated("auth/a"), simulated("x"), style=Style(colour=True, width=200))
    assert lines[3] == "\x1b[33m000000000000  2026-01-02     1  A change\x1b[0m"
    assert lines[5] == "000000000000  2026-01-02     0  A change"


def test_the_same_as_json() -> None:
    merges = (
        simulated("auth/a", "README.md"),
        simulated("db/mail", subject="\udcff"),
        Simulated.untold(merge(), "why"),
    )
    value = simulation_json(simulation(*merges, more=True))

    assert json.loads(json.dumps(value, ensure_ascii=False).encode()) == value
    first, second, third = value.pop("merges")
    assert value == {
        "schema": 1,
        "repository": None,
        "branch": "main",
        "tip": TIP,
        "since": "2026-01-02T03:04:05Z",
        "policy": "try.yml",
        "codeowners": "first parent",
        "more": True,
        "not_looked_at": 0,
        "stopped": None,
        "totals": {
            "merges": 3,
            "waiting": 2,
            "waiting_percent": 100.0,
            "unknown": 1,
            "impossible": 1,
            "approvals": 3,
            "asked": [
                {"who": "@acme/security", "approvals": 2, "alone": 0, "merges": 1},
                {"who": "@alice", "approvals": 2, "alone": 0, "merges": 1},
                {"who": "x@example.com", "approvals": 1, "alone": 1, "merges": 1},
            ],
            "core_paths": 2,
            "paths": [{"path": "auth/a", "merges": 1}, {"path": "db/mail", "merges": 1}],
        },
    }
    assert first == {
        "commit": f"{1:040x}",
        "parents": ["e" * 40],
        "at": "2026-01-02T03:04:05Z",
        "subject": "A change",
        "pull_request": None,
        "changed_paths": 2,
        "core_paths": 1,
        "requirements": [
            {
                "approvals": 2,
                "who": {"anyone": False, "users": ["alice"], "teams": ["acme/security"], "emails": []},
                "source": "tiers.core",
                "reason": "Sign-in.",
                "because": ["tiers.core: auth/** (policy)"],
                "paths": 1,
            }
        ],
        "approved_by": None,
        "unknown": None,
    }
    assert (second["subject"], second["requirements"][0]["who"]["emails"]) == ("?", ["x@example.com"])
    assert (third["unknown"], third["requirements"]) == ("why", [])


def names(merges: Iterable[Simulated]) -> list[str]:
    return [one.who for one in totals(merges).asked]


def test_the_spelling_of_a_name_makes_no_other_person() -> None:
    core = (CoreRequirement(("a",), 1, ("@Bob",), ""), CoreRequirement(("b",), 1, ("@bOB",), ""))
    assert names([simulated("a", "b", policy=Policy(tiers=TierPolicy(core=core)))]) == ["@bob"]
