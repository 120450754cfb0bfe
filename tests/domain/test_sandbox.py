"""What is asked of a sandbox and what comes of it: limits that are none are refused, and success is told."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from app.domain.errors import SetupFailed
from app.domain.pull_request import Sha
from app.domain.sandbox import CommandLimits, Ended, Limit, SetupReach, WorkspaceKey, bindable

ENDED = Ended(status=0, signal=None, limit=None, seconds=1.0, output_bytes=0)


@pytest.mark.parametrize("name", [item.name for item in fields(CommandLimits)])
@pytest.mark.parametrize("value", [0, -1])
def test_a_limit_is_above_0(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"the limit {name} is {value}: it must be above 0"):
        replace(CommandLimits(), **{name: value})


def test_a_limit_is_a_number() -> None:
    with pytest.raises(ValueError, match="the limit seconds is nan"):
        CommandLimits(seconds=float("nan"))


def test_only_an_end_of_its_own_with_0_is_a_success() -> None:
    assert ENDED.succeeded
    assert not replace(ENDED, status=1).succeeded
    assert not replace(ENDED, status=None, signal=9).succeeded
    assert not replace(ENDED, limit=Limit.MEMORY).succeeded


@pytest.mark.parametrize("owner", ["", "a\n", "é", "x" * 201])
def test_an_owner_is_a_plain_name(owner: str) -> None:
    with pytest.raises(ValueError, match="no owner"):
        WorkspaceKey(owner, Sha("a" * 40))
    assert WorkspaceKey("7/12 fix", Sha("a" * 40)).owner == "7/12 fix"


def test_an_environment_s_things_have_their_places_where_the_commit_has_nothing() -> None:
    things = ("node_modules", "packages/a/node_modules", "vendor", "single")
    assert bindable(things, ["src/x.py", "packages/a/index.js"]) == things
    assert bindable(things, ["vendor/own.go", "single"]) == ("node_modules", "packages/a/node_modules")
    assert bindable((), ["a"]) == ()


def test_a_file_in_the_way_of_a_thing_is_told() -> None:
    with pytest.raises(ValueError, match=r"'packages/a/x' cannot have its place: .* at 'packages'"):
        bindable(("packages/a/x",), ["packages"])


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (replace(ENDED, status=3), "ended with exit status 3"),
        (replace(ENDED, status=None, signal=9), "ended with signal 9"),
        (replace(ENDED, status=None, signal=9, limit=Limit.TIME), "was ended at the limit on wall-clock time"),
    ],
)
def test_a_failed_setup_says_which_command_and_how_it_ended(ended: Ended, words: str) -> None:
    error = SetupFailed("npm ci", ended, "the end")
    assert str(error) == f"the setup command 'npm ci' {words}"
    assert (error.command, error.ended, error.output, error.retry) == ("npm ci", ended, "the end", False)


def test_a_failed_setup_says_what_it_asked_for_in_vain() -> None:
    error = SetupFailed(
        "npm ci", replace(ENDED, status=1), "", SetupReach(network=True, refused=("a was refused", "b"))
    )
    assert str(error) == "the setup command 'npm ci' ended with exit status 1; a was refused; b"
