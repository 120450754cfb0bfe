"""Which changed paths wait for whom: each row is a changed entry and what it waits for."""

from __future__ import annotations

import unicodedata

import pytest

from app.domain.codeowners import parse_codeowners
from app.domain.entries import Entry, parse_raw
from app.domain.gate.requirements import ANYONE, Eligible, Requirement, Source, requirements
from app.domain.policy import CoreRequirement, Policy, RulesPolicy, TierPolicy

_POLICY = Policy(
    tiers=TierPolicy(
        skip=("**",),
        core=(
            CoreRequirement(("app/auth/**",), 2, ("@acme/Security", "@Alice"), "Locks everybody out."),
            CoreRequirement(("migrations/**", "**/*.sql"), 1, (), ""),
            CoreRequirement(("caf\u00e9/**",), 1, ("@bob",), ""),
            CoreRequirement(("app/**/keys.py",), 1, ("@bob",), ""),
            CoreRequirement(("stra\u00dfe.txt",), 3, (), "Streets."),
        ),
    ),
    rules=RulesPolicy(extra=("team_rules/",)),
)
_CODEOWNERS = parse_codeowners(
    b"""
*.sql               ops@example.com
/migrations/        @DBA
/migrations/old/
/.github/workflows/ @acme/Platform me@example.com  # who runs it
/.github/actions    @acme/platform @dba
/team_rules/        @acme/platform
AGENTS.md           @carol
/docs/agents.md     @dave
"""
)

_AUTH = "tiers.core 2 @acme/security @alice"
_BOB = "tiers.core 1 @bob"
_DBA = "tiers.core 1 @dba"
_ANYONE = "always core 1 anyone"
_WORKFLOWS = "always core 1 @acme/platform me@example.com?"

CASES = [
    # Nothing core.
    ("M", "src/main.py", []),
    ("A", "readme.md", []),
    ("D", "app/authors/x.py", []),
    ("M", "docs/CODEOWNERS.md", []),
    ("A", "sub/.github/workflows/x.yml", []),
    # The policy's paths, whatever became of them.
    ("M", "app/auth/login.py", [_AUTH]),
    ("A", "app/auth/login.py", [_AUTH]),
    ("D", "app/auth/login.py", [_AUTH]),
    ("mode", "app/auth/login.py", [_AUTH]),
    ("link", "app/auth/login.py", [_AUTH]),
    ("to-link", "app/auth/login.py", [_AUTH]),
    ("module", "app/auth/login.py", [_AUTH]),
    ("to-module", "app/auth/login.py", [_AUTH]),
    ("A", "app/auth/a/b/c/.hidden", [_AUTH]),
    ("A", "app/auth", [_AUTH]),
    ("link", "app/auth", [_AUTH]),
    ("module", "app/auth", [_AUTH]),
    ("A", "app/auth/logo.png", [_AUTH]),
    # Spelled as some file system takes for the same.
    ("A", "App/AUTH/Login.py", [_AUTH]),
    ("A", "APP/AUTH", [_AUTH]),
    ("A", "caf\u00e9/menu", [_BOB]),
    ("A", unicodedata.normalize("NFD", "caf\u00e9/menu"), [_BOB]),
    ("A", unicodedata.normalize("NFD", "CAF\u00c9/menu"), [_BOB]),
    ("A", "STRASSE.TXT", ["tiers.core 3 anyone (Streets.)"]),
    ("A", "MIGRATIONS/1.py", [_DBA]),
    ("A", "app/au\u200cth/login.py", [_AUTH]),  # HFS+ ignores it
    ("A", "app/auth\u2066/login.py", [_AUTH]),  # nobody sees it
    ("A", "app/auth./login.py", [_AUTH]),  # Windows drops them
    ("A", "App/auth /login.py", [_AUTH]),
    ("A", "app/auth::$INDEX_ALLOCATION/x.py", [_AUTH]),  # what NTFS calls the directory itself
    ("A", "migra\u200dtions/1.py", [_DBA]),
    ("A", ".github/work\ufeffflows/ci.yml", [_WORKFLOWS]),
    ("A", "AGENTS.md. .", ["always core 1 @carol"]),
    ("A", "app.auth/login.py", []),
    ("A", "Migrations/Old/1.py", ["tiers.core 1 anyone"]),
    ("A", ".GITHUB/Workflows/ci.yml", [_WORKFLOWS]),
    ("A", "Agents.MD", ["always core 1 @carol"]),
    # Every requirement that names a path holds.
    ("M", "app/auth/keys.py", [_AUTH, _BOB]),
    ("M", "app/keys.py", [_BOB]),
    ("M", "app/x/y/keys.py", [_BOB]),
    ("M", "app/auth/schema.sql", [_AUTH, "tiers.core 1 ops@example.com?"]),
    # Owners.
    ("M", "migrations/1.py", [_DBA]),
    ("M", "migrations/1.sql", [_DBA]),
    ("M", "migrations/old/1.sql", ["tiers.core 1 anyone"]),
    ("M", "x/1.sql", ["tiers.core 1 ops@example.com?"]),
    ("link", "migrations", [_DBA]),
    ("M", ".github/workflows/ci.yml", [_WORKFLOWS]),
    ("D", ".github/workflows/ci.yml", [_WORKFLOWS]),
    ("link", ".github/workflows", [_WORKFLOWS]),
    ("M", ".github/actions/x/action.yml", ["always core 1 @acme/platform @dba"]),
    ("M", "team_rules/python/x.md", ["always core 1 @acme/platform"]),
    ("A", "Team_Rules/x.md", ["always core 1 @acme/platform"]),
    ("M", "AGENTS.md", ["always core 1 @carol"]),
    ("M", "deep/down/AGENTS.md", ["always core 1 @carol"]),
    ("M", "docs/AGENTS.md", ["always core 1 @carol", "always core 1 @dave"]),
    ("M", "docs/agents.md", ["always core 1 @dave"]),
    ("A", "DOCS/agents.md", ["always core 1 @dave"]),
    # Built-in, owned by nobody.
    ("M", ".github/revwright.yml", [_ANYONE]),
    ("D", ".github/revwright.yml", [_ANYONE]),
    ("A", ".github/Revwright.YML", [_ANYONE]),
    ("M", "CODEOWNERS", [_ANYONE]),
    ("D", ".github/CODEOWNERS", [_ANYONE]),
    ("A", "docs/CODEOWNERS", [_ANYONE]),
    ("mode", "x/.gitattributes", [_ANYONE]),
    ("A", ".gitmodules", [_ANYONE]),
    ("to-link", "CLAUDE.md", [_ANYONE]),
    ("A", ".agents/skills/x/SKILL.md", [_ANYONE]),
    # Not UTF-8.
    ("A", "caf\udce9.png", [_ANYONE]),
    ("D", "vendor/\udcff/x", [_ANYONE]),
    ("A", "app/auth/\udcff.py", [_AUTH]),
    ("A", "migrations/\udcff.py", [_DBA]),
]

ABOVE = [
    ("link", "app", [_AUTH, _BOB]),
    ("to-link", "APP", [_AUTH, _BOB]),
    ("module", "app", [_AUTH, _BOB]),
    ("link", "app/other", []),
    ("link", "src", []),
    ("A", "app", []),
    ("D", "app", []),
]
"""A link or a submodule there leads to other files under the names of core ones."""


def _entry(what: str, path: str) -> Entry:
    file, link, module, none = "100644", "120000", "160000", "000000"
    old, new, letter = {
        "A": (none, file, "A"),
        "M": (file, file, "M"),
        "D": (file, none, "D"),
        "mode": (file, "100755", "M"),
        "link": (none, link, "A"),
        "to-link": (file, link, "T"),
        "module": (none, module, "A"),
        "to-module": (file, module, "T"),
    }[what]
    ids = [("0" if mode == none else digit) * 40 for mode, digit in ((old, "a"), (new, "b"))]
    header = f":{old} {new} {ids[0]} {ids[1]} {letter}".encode()
    (entry,) = parse_raw(header + b"\0" + path.encode("utf-8", "surrogateescape") + b"\0")
    return entry


def _told(requirement: Requirement) -> str:
    who = requirement.eligible
    names = ["anyone"] if who.anyone else [f"@{name}" for name in sorted(who.teams) + sorted(who.users)]
    reason = [f"({requirement.reason})"] if requirement.source is Source.POLICY and requirement.reason else []
    addresses = [f"{address}?" for address in who.unresolvable]
    told = " ".join([requirement.source, str(requirement.approvals), *names, *addresses, *reason])
    return told.removesuffix(" (Locks everybody out.)")


@pytest.mark.parametrize(("what", "path", "expected"), [*CASES, *ABOVE])
def test_what_an_entry_waits_for(what: str, path: str, expected: list[str]) -> None:
    entry = _entry(what, path)
    found = requirements([entry], _POLICY, _CODEOWNERS)

    assert [_told(requirement) for requirement in found] == expected
    assert all(requirement.entries == (entry,) for requirement in found)


@pytest.mark.parametrize(("what", "path", "expected"), CASES)
def test_a_rename_waits_for_both_names(what: str, path: str, expected: list[str]) -> None:
    """Into a core path or out of it: a deletion and an addition, of which neither hides the other."""
    for pair in ([("D", path), ("A", "elsewhere.py")], [("D", "elsewhere.py"), ("A", path)]):
        found = requirements([_entry(*one) for one in pair], _POLICY, _CODEOWNERS)
        assert [_told(requirement) for requirement in found] == expected


@pytest.mark.parametrize("path", [".github/workflows/ci.yml", "migrations/1.py", "x.sql", "AGENTS.md"])
def test_without_codeowners_anyone_may_approve(path: str) -> None:
    (requirement,) = requirements([_entry("M", path)], _POLICY, None)
    assert requirement.eligible == ANYONE


def test_entries_with_the_same_demand_are_one_requirement() -> None:
    paths = [".gitattributes", "app/auth/a.py", "CODEOWNERS", "src/x.py", "app/auth/b.py", "AGENTS.md"]
    entries = [_entry("M", path) for path in paths]

    found = requirements(entries, _POLICY, _CODEOWNERS)

    assert [[entry.path for entry in requirement.entries] for requirement in found] == [
        ["app/auth/a.py", "app/auth/b.py"],
        [".gitattributes", "CODEOWNERS"],
        ["AGENTS.md"],
    ]
    assert [requirement.because for requirement in found] == [
        ("tiers.core: app/auth/** (policy)",),
        ("always core: **/.gitattributes (built-in)", "always core: CODEOWNERS (built-in)"),
        ("always core: **/AGENTS.md (built-in)",),
    ]
    assert found[0].reason == "Locks everybody out."


def test_a_path_that_two_like_requirements_name_waits_once() -> None:
    twice = Policy(tiers=TierPolicy(core=(CoreRequirement(("a/**",)), CoreRequirement(("**/x",)))))
    (requirement,) = requirements([_entry("M", "a/x")], twice, None)
    assert requirement.entries == (_entry("M", "a/x"),)


def test_an_id_names_the_demand_and_not_the_entries() -> None:
    one, two = _entry("M", "app/auth/a.py"), _entry("D", "app/auth/b.py")
    every = [_entry(what, path) for what, path, _ in CASES]
    found = requirements(every, _POLICY, _CODEOWNERS)

    assert requirements([one], _POLICY, None)[0].id == requirements([two], _POLICY, None)[0].id
    assert len({requirement.id for requirement in found}) == len(found)
    assert all(len(requirement.id) == 12 for requirement in found)


def test_no_approvals_at_all_cannot_be_asked_for() -> None:
    (requirement,) = requirements(
        [_entry("M", "a")], Policy(tiers=TierPolicy(core=(CoreRequirement(("a",), 0),))), None
    )
    assert requirement.approvals == 1


def test_owners_with_nothing_but_addresses_are_nobody_and_not_anyone() -> None:
    (requirement,) = requirements([_entry("M", "x.sql")], _POLICY, _CODEOWNERS)

    assert requirement.eligible == Eligible(unresolvable=("ops@example.com",))
    assert requirement.eligible.nobody
    assert not ANYONE.nobody
    assert not Eligible(users=frozenset({"bob"})).nobody


def test_what_several_codeowners_name_is_asked_of_each() -> None:
    """Those of the base commit, and those of the default branch."""
    entry = _entry("M", "migrations/1.py")
    ours, none, other = (parse_codeowners(data) for data in (b"/migrations/ @DBA\n", b"", b"migrations/ @carol\n"))

    assert list(map(_told, requirements([entry], _POLICY, ours, other))) == [_DBA, "tiers.core 1 @carol"]
    for files in ((ours, none), (none, ours), (None, ours), (ours, None), (ours, ours)):
        assert list(map(_told, requirements([entry], _POLICY, *files))) == [_DBA]
    assert list(map(_told, requirements([entry], _POLICY, none, None))) == ["tiers.core 1 anyone"]
