"""Files that a shell text runs, reads or includes are found by its words, wherever they are in the tree."""

from __future__ import annotations

import pytest

from app.domain.fix.check_scripts import Mention, TreePaths, is_script, mentions, script_of

TREE = TreePaths(
    (
        *("Makefile", "sub/makefile", "check.sh", "lib/util.sh", "ci/checks", "ci/a.sh", "ci/b.sh", "tools/check.py"),
        *("tools/gate/__main__.py", "setup.js", "package.json", "rules.inc", "price.txt", "shop.py", "env.cfg"),
    )
)


def run(*paths: str) -> set[Mention]:
    return {Mention(path, run=True) for path in paths}


def named(*paths: str) -> set[Mention]:
    return {Mention(path, run=False) for path in paths}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sh check.sh", run("check.sh")),
        ("./check.sh && grep -q x price.txt", named("check.sh", "price.txt")),
        ('. "$(dirname "$0")/lib/util.sh"', named("lib/util.sh")),
        ("if [ -f env.cfg ]; then . ./env.cfg; fi", named("env.cfg") | run("env.cfg")),
        (". ./env.cfg", run("env.cfg")),
        ("ruff check . shop.py", named("shop.py")),
        ("source $ROOT/env.cfg", run("env.cfg")),
        ("make -s test", named("Makefile", "sub/makefile")),
        ("make -f rules.inc", named("Makefile", "sub/makefile") | run("rules.inc")),
        ("-include rules.inc price.txt", run("rules.inc", "price.txt")),
        ("\t@python3 tools/check.py shop.py", run("tools/check.py") | named("shop.py")),
        ("poetry run python -m tools.gate shop.py", run("tools/gate/__main__.py") | named("shop.py")),
        ("python3 -m py_compile shop.py", named("shop.py")),
        ("node --check setup.js", named("setup.js")),
        ("python3 -m tools.check", run("tools/check.py")),
        ("test -m price.txt", named("price.txt")),
        ("jest --setupFile=setup.js", run("setup.js")),
        ("npm test", named("package.json")),
        ("for f in ci/*.sh; do sh $f; done", named("ci/a.sh", "ci/b.sh")),
        ("SH CI/Checks", named("ci/checks")),
        ('test "$(sh lib/util.sh 150)" = 2', set()),
        ('test "$(sh check.sh 150)" = ok', run("check.sh")),
        ('ok 1 "$(sh lib/util.sh 100)" 1', set()),
        ('ok 1 "$(sh check.sh 100)" 1', run("check.sh")),
        ('eval "$(sh lib/util.sh)"', run("lib/util.sh")),
        ('bash -c "$(sh lib/util.sh)"', run("lib/util.sh")),
        ('true\n"$(sh lib/util.sh)" x', run("lib/util.sh")),
        ('true; "$(sh lib/util.sh)" x', run("lib/util.sh")),
        ('. "$(sh lib/util.sh)"', run("lib/util.sh")),
        ('test -z "$(sh ci/a.sh)"', run("ci/a.sh")),
        ("echo ../.. / nothing", set()),
    ],
)
def test_what_a_text_names(text: str, found: set[Mention]) -> None:
    assert mentions(text, TREE) == found


def test_a_text_that_names_too_much_is_read_to_a_bound() -> None:
    assert mentions("ci/*.sh " * 100 + "check.sh", TREE) == named("ci/a.sh", "ci/b.sh", "check.sh")
    assert mentions("word " * 20_000 + "check.sh", TREE) == set()


@pytest.mark.parametrize(
    ("path", "text", "script"),
    [
        ("a/b.sh", None, True),
        ("ci/checks", "true", True),
        (".envrc", "true", True),
        ("Rakefile", "true", True),
        ("tasks.py", "true", True),
        ("a.py", "#!/usr/bin/env python3\n", True),
        ("a.py", "import b\n", False),
        ("VERSION", "1\n", False),
        ("price.txt", None, False),
    ],
)
def test_a_script_is_known_by_its_name_and_its_first_line(path: str, text: str | None, script: bool) -> None:
    assert is_script(path, text) is script


def test_of_a_manifest_only_its_scripts_are_commands() -> None:
    assert script_of("web/package.json", '{"name": "x.sh", "scripts": {"a": "sh a.sh", "b": 1}}') == "sh a.sh\n1"
    assert script_of("package.json", '{"scripts": []}') == ""
    assert script_of("check.sh", "sh a.sh") == "sh a.sh"
