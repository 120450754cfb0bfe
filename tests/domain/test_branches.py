"""Which names of branches are pushed to: those that git allows, and none that means anything else."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.branches import MAX_BRANCH_BYTES, problem_with_branch

FINE = ["main", "feature/login", "a.b", "caf\u00e9", "$(id)", "`id`", "a'b", 'a"b', "<x>", "a@b", "refs/heads/x", "a-"]
REFUSED = {
    "": "is none",
    "@": "is none",
    "HEAD": "is none",
    "-h": "begins like an option",
    "--receive-pack=touch": "begins like an option",
    "a b": "has a character that git does not allow",
    "a\nb": "has a character that git does not allow",
    "a\x7fb": "has a character that git does not allow",
    "a~1": "has a character that git does not allow",
    "a^": "has a character that git does not allow",
    "a:refs/heads/main": "has a character that git does not allow",
    "a*": "has a character that git does not allow",
    "a?": "has a character that git does not allow",
    "a[b": "has a character that git does not allow",
    "a\\b": "has a character that git does not allow",
    "\udc80": "has a character that git does not allow",
    "a" * (MAX_BRANCH_BYTES + 1): "is longer than 255 bytes",
    "a..b": "would mean a range or an earlier state",
    "a@{1}": "would mean a range or an earlier state",
    "/a": "has an empty part",
    "a/": "has an empty part",
    "a//b": "has an empty part",
    ".a": "has a part that begins with a dot or ends in .lock",
    "a/.b": "has a part that begins with a dot or ends in .lock",
    "a.lock": "has a part that begins with a dot or ends in .lock",
    "a.lock/b": "has a part that begins with a dot or ends in .lock",
    "a.": "ends in a dot",
}


def git_allows(name: str) -> bool:
    command = ["git", "check-ref-format", "--branch", name]
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "GIT_DIR": "/nonexistent"}
    return subprocess.run(command, capture_output=True, check=False, env=environment, cwd="/").returncode == 0


@pytest.mark.parametrize("name", FINE)
def test_names_that_are_pushed_to(name: str) -> None:
    assert problem_with_branch(name) is None
    assert git_allows(name)


@pytest.mark.parametrize("name", REFUSED)
def test_names_that_are_not_pushed_to(name: str) -> None:
    assert problem_with_branch(name) == REFUSED[name]


@given(st.text(alphabet="ab./@{-~^:?*[\\ \t\u00e9lock", max_size=12))
def test_nothing_passes_that_git_does_not_allow(name: str) -> None:
    assert problem_with_branch(name) is not None or git_allows(name)
