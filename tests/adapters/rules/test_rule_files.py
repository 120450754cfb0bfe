"""Rule files: what is read, what is refused and how it is said, and what the check for authors adds."""

from __future__ import annotations

import time
from importlib import resources
from pathlib import Path

import pytest

from app.adapters.rules.files import check_rules, load_rules
from app.adapters.rules.languages import LANGUAGES
from app.adapters.rules.patterns import Re2Pattern
from app.adapters.rules.policy_file import PACKS
from app.adapters.rules.rule_file import parse_rule
from app.domain.errors import RuleInvalid
from app.domain.globs import Glob
from app.domain.rules import Example
from app.domain.severity import Severity

_FRONT = r"""---
id: python/no-print
title: Print in a library
severity: P3
languages: [python]
detect:
  match: ['^\s*print\(']
  unless: ['# cli']
fix: Use the logger.
examples:
  hit: [{path: a.py, text: 'print(1)'}]
  miss: [{path: a.py, text: 'print(1)  # cli'}]
---
"""
_GOOD = (_FRONT + "\nFlag print. Do not flag command line tools.\n").encode()


def _problems(data: bytes, path: str = "python/no-print.md") -> list[str]:
    with pytest.raises(RuleInvalid) as caught:
        parse_rule(data, path)
    return str(caught.value).split("\n")


def _with(old: str, new: str) -> bytes:
    text = _GOOD.decode()
    assert old in text
    return text.replace(old, new).encode()


@pytest.mark.parametrize("data", [_GOOD, _GOOD.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + _GOOD])
def test_a_rule_is_read(data: bytes) -> None:
    rule = parse_rule(data, "python/no-print.md")
    assert (rule.id, rule.pack, rule.title, rule.severity) == (
        "python/no-print",
        "python",
        "Print in a library",
        Severity.P3,
    )
    assert rule.globs == ("**/*.py", "**/*.pyi")
    assert rule.prose == "Flag print. Do not flag command line tools."
    assert rule.fix == "Use the logger."
    assert rule.must_hit == (Example("a.py", "print(1)"),)
    assert rule.must_not == (Example("a.py", "print(1)  # cli"),)
    assert rule.detector is not None
    assert rule.detector.hits("  print(x)")
    assert not rule.detector.hits("print(x)  # cli")


def test_a_rule_may_apply_everywhere_or_to_globs_and_need_a_model() -> None:
    everywhere = parse_rule(_with("languages: [python]\n", ""), "python/no-print.md")
    assert everywhere.globs == ()
    globs = parse_rule(_with("languages: [python]", "globs: ['src/**']"), "python/no-print.md")
    assert globs.globs == ("src/**",)
    detect = "detect:\n  match: ['^\\s*print\\(']\n  unless: ['# cli']\n"
    assert parse_rule(_with(detect, ""), "python/no-print.md").detector is None


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "python/no-print.md:1: the front matter is missing; begin the file with a line of `---`"),
        (b"# Title", "python/no-print.md:1: the front matter is missing"),
        (b"---\nid: x", "python/no-print.md:1: the front matter does not end"),
        (_FRONT.encode(), "python/no-print.md:14: the prose is missing"),
        (_FRONT.encode() + b"x" * 6_001, "python/no-print.md:14: the prose has 6001 characters"),
        (_FRONT.encode() + b"caf\xe9", "python/no-print.md:14: the prose is not UTF-8"),
        (b"x" * 70_000, "python/no-print.md:1: the file has 70000 bytes"),
        (_with("id: python/no-print", "id: python/p"), "python/no-print.md:2: id is 'python/p'; write python/no-"),
        (_with("title: Print in a library", "titel: x"), "python/no-print.md:2: title is missing; write `title: What"),
        (_with("title: Print in a library", "title: |\n  a\n  b"), "python/no-print.md:3: title has several lines"),
        (_with("severity: P3", "severity: high"), "python/no-print.md:4: severity is 'high': use P0, P1, P2 or P3"),
        (_with("[python]", "[pyhton]"), "python/no-print.md:5: languages[0] is 'pyhton': did you mean 'python'?"),
        (_with("[python]", "[python]\nglobs: [a]"), "python/no-print.md:5: languages and globs both say where"),
        (_with("languages: [python]", "globs: [/a]"), "python/no-print.md:5: globs[0] is '/a': a pattern starts"),
        (_with("[python]", "&x [python]"), "python/no-print.md:5: anchors (`&name`) are not allowed"),
        (_with("['^\\s*print\\(']", "['(?<!x)y']"), "python/no-print.md:7: detect.match[0]: RE2 does not take this"),
        (_with("['^\\s*print\\(']", "['(']"), "python/no-print.md:7: detect.match[0]: RE2 does not take this"),
        (_with("['^\\s*print\\(']", "['x*']"), "python/no-print.md:7: detect.match[0]: the pattern fits an empty line"),
        (_with("'^\\s*print\\('", "'\\pL{40}', '\\pL{41}', '\\pL{42}'"), "python/no-print.md:7: the patterns of"),
        (_with("['^\\s*print\\(']", "'x'"), "python/no-print.md:7: detect.match is the text 'x'; write a list"),
        (_with("  match: ['^\\s*print\\(']\n", ""), "python/no-print.md:7: detect.match is missing"),
        (_with("  unless:", "  unles:"), "python/no-print.md:8: unknown key 'unles' in detect: did you mean 'unless'?"),
        (_with("fix: Use the logger.", "fix: ''"), "python/no-print.md:9: fix is empty; write text or leave it out"),
        (_with("[{path: a.py, text: 'print(1)'}]", "[]"), "python/no-print.md:11: examples.hit has no example"),
        (_with("{path: a.py, text: 'print(1)'}", "{path: a.py}"), "python/no-print.md:11: examples.hit[0].text is mis"),
        (_with("  miss: [{path: a.py, text: 'print(1)  # cli'}]\n", ""), "python/no-print.md:11: examples.miss is mis"),
    ],
)  # fmt: skip
def test_refusals_name_file_and_line(data: bytes, problem: str) -> None:
    assert any(line.startswith(problem) for line in _problems(data)), _problems(data)


def test_a_built_in_check_keeps_its_id() -> None:
    data = _with("python/no-print", "security/secret")
    assert "which is a built-in check" in _problems(data, "security/secret.md")[0]


def test_all_mistakes_of_a_file_come_at_once_in_order() -> None:
    data = _with("severity: P3", "severity: 3").replace(b"languages:", b"langauges:").replace(b"fix:", b"fixx:")
    assert [line.partition(": ")[0] for line in _problems(data)] == [
        "python/no-print.md:2",
        "python/no-print.md:4",
        "python/no-print.md:5",
        "python/no-print.md:9",
    ]


def _write(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def test_a_directory_is_loaded_by_id_and_readmes_are_left_alone(tmp_path: Path) -> None:
    other = _GOOD.replace(b"python/no-print", b"general/a")
    files = {
        "python/no-print.md": _GOOD,
        "general/a.md": other,
        "README.md": b"x",
        "python/README.md": b"x",
        ".git/x": b"",
    }
    assert [rule.id for rule in load_rules(_write(tmp_path, files))] == ["general/a", "python/no-print"]
    assert check_rules(tmp_path).problems == ()


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("no-print.md", "'no-print.md': not a rule; call it <pack>/<name>.md"),
        ("python/deep/no-print.md", "'python/deep': not a rule"),
        ("python/no_print.md", "'python/no_print.md': not a rule"),
        ("python/no-print.yml", "'python/no-print.yml': not a rule"),
        ("Python/no-print.md", "'Python/no-print.md': not a rule"),
    ],
)
def test_strange_names_are_refused(tmp_path: Path, name: str, problem: str) -> None:
    _write(tmp_path, {name: _GOOD})
    with pytest.raises(RuleInvalid) as caught:
        load_rules(tmp_path)
    assert str(caught.value).startswith(problem)


def test_an_empty_or_absent_directory_is_refused(tmp_path: Path) -> None:
    assert check_rules(tmp_path).problems == (f"{tmp_path}: there are no rules; write one as <pack>/<name>.md",)
    assert check_rules(tmp_path / "x").problems[0].startswith(f"{tmp_path / 'x'}: there is no such directory")


def test_the_check_runs_the_examples(tmp_path: Path) -> None:
    data = (
        _GOOD.replace(b"text: 'print(1)'}", b"text: 'log(1)'}")
        .replace(b"'print(1)  # cli'", b"'print(1)'")
        .replace(b"path: a.py, text: 'print(1)'", b"path: a.js, text: 'print(1)'")
    )
    _write(tmp_path, {"python/no-print.md": data, "python/bad.md": b"x"})
    assert list(check_rules(tmp_path).problems) == [
        "python/bad.md:1: the front matter is missing; begin the file with a line of `---`",
        "python/no-print.md: the example path 'a.js' is outside the rule's globs or languages",
        "python/no-print.md: the detector misses the hit example 'log(1)'",
        "python/no-print.md: the detector hits the miss example 'print(1)'",
    ]


def test_the_installed_rules_load_as_a_resource() -> None:
    rules = load_rules(resources.files("review_rules"))
    assert {rule.pack for rule in rules} == set(PACKS)


def test_languages_stand_for_patterns() -> None:
    for globs in LANGUAGES.values():
        assert all(Glob.parse(glob).text == glob for glob in globs)


def test_patterns_take_any_text_and_are_linear() -> None:
    assert Re2Pattern.parse("^a.c$").found_in("a\udc80c")
    assert Re2Pattern.parse("b") == Re2Pattern.parse("b")
    evil = Re2Pattern.parse("(a+)+$")
    start = time.process_time()
    assert not evil.found_in("a" * 100_000 + "b")
    assert time.process_time() - start < 0.5


def test_hopeless_rule_files_are_refused_quickly() -> None:
    for front in (b"[" * 60_000, b"a: &a [x]\nb: [" + b"*a," * 20_000 + b"]", b"a: " + b"9" * 60_000):
        start = time.process_time()
        assert _problems(b"---\n" + front + b"\n---\nx")
        assert time.process_time() - start < 0.2
