"""`revwright gate simulate` on a real repository: merges, squashed changes, owners that change, wrong policies."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.cli.main import run
from app.domain.pull_request import Sha
from tests.adapters.git.stores import Store

HOME = {"HOME": "/nonexistent"}
POLICY = b"""version: 1
tiers:
  core:
    - paths: ["auth/**"]
      approvals: 2
      from: ["@acme/security", "@alice"]
      reason: "Sign-in"
    - paths: ["db/**"]
"""
DAY = 86_400
START = 1_767_225_600
"""2026-01-01."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Six commits on main in January 2026, a day each; the policy comes with the last one."""
    made = Store.create(tmp_path / "web.git")
    files: dict[str | bytes, Any] = {"CODEOWNERS": b"db/ @old-dba\n", "README.md": b"# web\n"}
    tip = made.commit(files, message="Start", seconds=START)

    def squashed(day: int, message: str, changed: dict[str | bytes, Any]) -> Sha:
        files.update(changed)
        return made.commit(files, tip, message=message, seconds=START + day * DAY)

    tip = squashed(1, "Squash db (#1)", {"db/1.sql": b"1\n"})
    side = made.commit({**files, "auth/a.py": b"1\n"}, tip, seconds=START + DAY)
    side = made.commit({**files, "auth/a.py": b"2\n", "x": b""}, side, seconds=START + DAY)
    tip = squashed(2, "New owners (#2)", {"CODEOWNERS": b"db/ @new-dba\n"})
    files.update({"auth/a.py": b"2\n", "x": b""})
    tip = made.commit(files, tip, side, message="Merge pull request #3\n\nLogin", seconds=START + 3 * DAY)
    tip = squashed(4, "More db\x1b[2J (#4)", {"db/2.sql": b"2\n"})
    tip = squashed(5, "Policy (#5)", {".github/revwright.yml": POLICY})
    made.point("refs/heads/main", tip)
    return made


def simulate(store: Store, *arguments: str, env: dict[str, str] | None = None) -> int:
    command = ["gate", "simulate", "--repo", str(store.git_dir), "--since", "2025-12-01", *arguments]
    return run(command, HOME | (env or {}))


def asked(value: dict[str, Any]) -> list[list[tuple[int, list[str]]]]:
    return [
        [
            (
                one["approvals"],
                [*one["who"]["users"], *one["who"]["teams"], *(["anyone"] if one["who"]["anyone"] else [])],
            )
            for one in merge["requirements"]
        ]
        for merge in value["merges"]
    ]


def test_each_merge_with_whom_it_would_have_waited_for(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate(store, "--json") == 0
    captured = capsys.readouterr()
    value = json.loads(captured.out)

    assert captured.err == ""
    assert [merge["subject"] for merge in value["merges"]] == [
        "Policy (#5)",
        "More db\x1b[2J (#4)",
        "Merge pull request #3",
        "New owners (#2)",
        "Squash db (#1)",
        "Start",
    ]
    assert asked(value) == [
        [(1, ["anyone"])],
        [(1, ["new-dba"])],
        [(2, ["alice", "acme/security"])],
        [(1, ["anyone"])],
        [(1, ["old-dba"])],
        [],
    ]
    assert [merge["changed_paths"] for merge in value["merges"]] == [1, 1, 2, 1, 1, 0]
    assert "no parent here" in value["merges"][-1]["unknown"]
    totals = value["totals"]
    assert (totals["merges"], totals["waiting"], totals["waiting_percent"], totals["approvals"]) == (6, 5, 100.0, 6)
    assert (value["policy"], value["since"]) == (".github/revwright.yml", "2025-12-01T00:00:00Z")


def test_the_page_shows_every_key(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "gate.md").read_text()
    (example,) = re.findall(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert simulate(store, "--json") == 0

    assert shape(json.loads(example)) == shape(json.loads(capsys.readouterr().out))


def shape(value: Any) -> Any:
    """The keys, in their order; of a list, those of its first item that is an object."""
    if isinstance(value, dict):
        return [(key, shape(item)) for key, item in value.items()]
    return next((shape(item) for item in value if isinstance(item, dict)), None) if isinstance(value, list) else None


def test_a_policy_to_try_in_a_table(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "try.yml"
    file.write_text('version: 1\ntiers: {core: [{paths: ["x"], from: ["@eve"], reason: "Why not"}]}\n')

    assert simulate(store, "--policy", str(file), "--branch", "main", "--since", "2026-01-04") == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0] == f"Merges into main since 2026-01-04, by {file}"
    assert [line[14:] for line in lines[2:9]] == [
        "DATE        CORE  SUBJECT",
        "2026-01-06     1  Policy (#5)",
        f"{' ' * 18}1 approval of anyone with write access for 1 path: always core: .github/revwright.yml (built-in)",
        "2026-01-05     0  More db<U+001B>[2J (#4)",
        "2026-01-04     1  Merge pull request #3",
        f"{' ' * 18}1 approval of @eve for 1 path: Why not (tiers.core: x (policy))",
        "",
    ]
    assert "  would have waited  2 (66.7 %)" in lines
    assert "\x1b" not in out


def test_without_a_policy_the_built_in_list_holds(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate(store, "--branch", "main~1", "--json") == 0
    value = json.loads(capsys.readouterr().out)
    assert value["policy"] == "the built-in policy: there is no .github/revwright.yml"
    assert asked(value) == [[], [], [(1, ["anyone"])], [], []]


def test_the_ceiling_of_the_deployment_holds_too(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ceiling, own = tmp_path / "ceiling.yml", tmp_path / "own.yml"
    ceiling.write_text('version: 1\ntiers: {core: [{paths: ["x"], from: ["@boss"]}]}\n')
    own.write_text('version: 1\ntiers: {core: [{paths: ["db/**"]}]}\n')

    assert simulate(store, "--policy", str(own), "--json", env={"REVWRIGHT_POLICY_FILE": str(ceiling)}) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["policy"] == f"{own}, below the deployment's policy"
    assert asked(value)[1:3] == [[(1, ["new-dba"])], [(1, ["boss"])]]


def test_a_policy_that_is_not_valid_is_told_as_config_check_does(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "try.yml"
    file.write_text("version: 1\ntier: {}\n")
    assert run(["config", "check", str(file)], HOME) == 1
    checked = capsys.readouterr().err
    assert simulate(store, "--policy", str(file)) == 1
    assert capsys.readouterr() == ("", checked)
    assert checked.startswith(f"{file}:2:1: unknown key 'tier'")

    wrong = store.commit({".github/revwright.yml": b"version: 1\ntier: {}\n"})
    assert simulate(store, "--branch", wrong) == 1
    assert capsys.readouterr() == ("", checked.replace(str(file), ".github/revwright.yml"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--since", "3 months"], "--since: '3 months' is no time to look back to; write days as 90d"),
        (["--since", "2026-02-30"], "--since: '2026-02-30' is in no calendar"),
        (["--branch", "nowhere"], "there is no commit 'nowhere'"),
        (["--branch=--all"], "not the name of a commit: '--all'"),
        (["--repo", "/nonexistent"], "/nonexistent"),
        (["--policy", "/nonexistent.yml"], "there is no /nonexistent.yml"),
    ],
)
def test_what_is_wrong_is_named(
    store: Store, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert simulate(store, *arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert told in captured.err


def test_only_the_newest_are_looked_at(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate(store, "--limit", "2") == 0
    out = capsys.readouterr().out
    assert "merges seen        2" in out
    assert "there are more: only the newest 2 are looked at" in out


def test_a_span_ends_now(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate(store, "--since", "1d") == 0
    assert "merges seen        0" in capsys.readouterr().out


def test_progress_is_for_a_terminal_only(store: Store) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "app.cli", "gate", "simulate", "--since", "2025-12-01", "--json"]
    env = {**HOME, "PATH": "/usr/bin:/bin"}
    try:
        done = subprocess.run(
            [*command, "--repo", str(store.git_dir)], stdout=subprocess.PIPE, stderr=theirs, check=True, env=env
        )
        os.close(theirs)
        said = os.read(ours, 1 << 16).decode()
    finally:
        os.close(ours)
    assert len(json.loads(done.stdout)["merges"]) == 6
    assert "0 of 6 merges\r\x1b[K1 of 6 merges" in said
    assert said.endswith("\r\x1b[K")


def test_a_merge_that_cannot_be_told_of_is_listed_and_is_no_pass(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    root = store.commit({"a": b""})
    ours, theirs = store.commit({"a": b"1"}, root), store.commit({"auth/b": b"1"}, root)
    crossed = store.commit({"a": b"1", "auth/b": b"1"}, ours, theirs)
    back = store.commit({"a": b"1", "auth/b": b"2"}, theirs, ours)
    store.point("refs/heads/crossed", store.commit({"a": b"1", "auth/b": b"2"}, crossed, back, message="Criss-cross"))

    assert simulate(store, "--branch", "crossed") == 0
    out = capsys.readouterr().out
    assert re.search(r"   \?  Criss-cross\n +not known: .* have several merge bases", out)
    assert "  not known          2, left out of the percentage" in out
