"""`revwright rules` through the real parser: what is printed, to which stream, and the exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.adapters.rules import syntax
from app.adapters.rules.policy_file import PACKS
from app.cli.main import run

_RULE = """---
id: team/no-print
title: Print in a library
severity: P3
languages: [python]
detect:
  structural:
    rule: {pattern: print($A)}
fix: Use the logger.
examples:
  hit: [{path: a.py, text: 'print(1)'}]
  miss: [{path: a.py, text: '# print(1)'}]
---

Flag print.
"""


def _write(directory: Path, text: str = _RULE) -> Path:
    (directory / "team").mkdir(parents=True)
    (directory / "team/no-print.md").write_text(text)
    return directory


def test_list_shows_every_pack_in_one_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "list"], {}) == 0
    *rows, total, always = capsys.readouterr().out.splitlines()
    assert {row.split("/")[0] for row in rows} == set(PACKS)
    assert f"{len(rows)} rules; " in total
    assert "security/secret" in always
    assert [row.split()[:4] for row in rows if row.startswith("python/mutable-default")] == [
        ["python/mutable-default", "P2", "standard", "line+tree"]
    ]
    assert any(row.split()[3] == "model" for row in rows)


def test_list_can_be_narrowed_and_read_by_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "list", "--pack", "terraform", "--json"], {}) == 0
    listed = json.loads(capsys.readouterr().out)["rules"]
    assert {rule["pack"] for rule in listed} == {"terraform"}
    opened = next(rule for rule in listed if rule["id"] == "terraform/admin-port-open")
    assert (opened["severity"], opened["tier"], opened["detects"]) == ("P1", "light", ["tree"])
    assert "**/*.tf" in opened["globs"]
    assert opened["fix"].endswith(".")


def test_list_refuses_an_unknown_pack(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "list", "--pack", "ruby"], {}) == 2
    assert "there is no pack 'ruby'; use one of general, security" in capsys.readouterr().err


def test_check_of_good_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "check", str(_write(tmp_path))], {}) == 0
    assert capsys.readouterr().out == f"{tmp_path}: 1 rule, all valid\n"


def test_check_names_file_and_line_and_runs_the_examples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(tmp_path, _RULE.replace("'# print(1)'", "'print(2)'"))
    (tmp_path / "team/other.md").write_text(_RULE.replace("no-print", "other").replace("P3", "high"))
    assert run(["rules", "check", str(tmp_path)], {}) == 1
    assert capsys.readouterr().err.splitlines() == [
        "team/other.md:4: severity is 'high': use P0, P1, P2 or P3",
        "team/no-print.md: the detector hits the miss example 'print(2)'",
        f"{tmp_path}: 2 problems",
    ]


def test_check_looks_in_the_usual_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["rules", "check"], {}) == 1
    assert ".github/review_rules: there is no such directory" in capsys.readouterr().err
    _write(tmp_path / ".github/review_rules")
    assert run(["rules", "check"], {}) == 0


def test_check_says_what_it_could_not_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(syntax, "find_spec", lambda name: None)
    assert run(["rules", "check", str(_write(tmp_path))], {}) == 0
    assert "the patterns and examples of 1 rule were not tried" in capsys.readouterr().err
