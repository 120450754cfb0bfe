"""Commands as people say them: the grammar is closed, the handle exact, and arguments are text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.commands import (
    LEAST,
    Ask,
    Command,
    Config,
    Dismiss,
    Fix,
    Help,
    Malformed,
    Pause,
    Remember,
    Reopen,
    Resume,
    Review,
    Status,
    Stop,
    Unknown,
    Verb,
    parse,
)
from app.domain.commands.parsing import verb_of
from app.domain.commands.verbs import needed
from app.domain.messages.commands import USAGE
from app.domain.policy import LEAST_PERMISSIONS, Policy
from app.domain.threads import Permission


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("review", Review(full=False, focus="")),
        ("review full", Review(full=True, focus="")),
        ("review FULL the locks", Review(full=True, focus="the locks")),
        ("review fully", Review(full=False, focus="fully")),
        ("review --model.base_url=https://evil.test", Review(full=False, focus="--model.base_url=https://evil.test")),
        ("fix", Fix("")),
        ("fix P1", Fix("P1")),
        ("ask why is it so?", Ask("why is it so?")),
        ("dismiss F-1 it is meant", Dismiss("F-1 it is meant")),
        ("dismiss", Dismiss("")),
        ("reopen F-1", Reopen("F-1")),
        ("stop", Stop()),
        ("stop it, please", Stop()),
        ("pause", Pause()),
        ("resume", Resume()),
        ("status", Status()),
        ("config --commands.fix=read", Config()),
        ("remember use the clock", Remember("use the clock")),
        ("help", Help()),
        ("HELP", Help()),
        ("\n\tstatus\t\n", Status()),
        ("review " + " ".join(["x"] * 200), Review(full=False, focus=" ".join(["x"] * 200))),
    ],
)
def test_each_verb_takes_what_belongs_to_it(said: str, command: Command) -> None:
    assert parse(f"@revwright {said}", "revwright") == command


@pytest.mark.parametrize("commit", ["0123456", "a" * 40, "0" * 40, "DEADBEEF1", "1" * 64])
def test_a_commit_is_no_argument(commit: str) -> None:
    for said in (f"review {commit}", f"review full {commit}", f"review the locks {commit}"):
        assert isinstance(parse(f"@revwright {said}", "revwright"), Malformed)
    assert parse("@revwright review defaced cafe 123", "revwright") == Review(full=False, focus="defaced cafe 123")


@pytest.mark.parametrize(
    ("said", "verb"), [("ask", Verb.ASK), ("remember  ", Verb.REMEMBER), ("review 0123456", Verb.REVIEW)]
)
def test_what_lacks_its_words_says_so(said: str, verb: Verb) -> None:
    command = parse(f"@revwright {said}", "revwright")

    assert isinstance(command, Malformed)
    assert verb_of(command) is verb


@pytest.mark.parametrize(
    "paragraph",
    [
        "@revwright-x review",
        "@revwrightfix review",
        "@revwright_x review",
        "x@revwright review",
        "revwright review",
        "@revwright/team review",
        "@revwright: review",
        "@revwright[bot] review",
        "@revwright\u200b review",
        "@rev\u200bwright review",
        "@revwright re\u200bview",
        "@revwright review\u2060",
        "@revwright \u202ereview",
        "@revwright \U000e0072eview",
        "@revwright\u00a0review",
        "@revwr\u0131ght review",
        "@rev\u212bright review",
        "@ revwright review",
        "please @revwright review",
        "",
    ],
)
def test_what_is_not_exactly_our_handle_and_a_verb_in_sight_is_nothing(paragraph: str) -> None:
    assert parse(paragraph, "revwright") is None


@pytest.mark.parametrize("said", ["", " ", " thanks!", " reviews", " r\u0435view", " stop!", " /review", " ***"])
def test_what_we_do_not_know_is_unknown(said: str) -> None:
    assert parse(f"@revwright{said}", "revwright") == Unknown()


def test_a_handle_of_another_shape_is_taken_to_the_letter() -> None:
    assert parse("@re.wright help", "re.wright") == Help()
    assert parse("@rexwright help", "re.wright") is None
    assert parse("@\u212aeep help", "keep") is None, "the sign of the kelvin is no k"


def test_every_verb_has_its_command_and_the_permission_that_policies_know() -> None:
    for verb in Verb:
        command = parse(f"@revwright {verb} F-1 and words", "revwright")
        assert command is not None
        assert not isinstance(command, Unknown)
        assert verb_of(command) is verb
    assert {verb.value: least.value for verb, least in LEAST.items()} == LEAST_PERMISSIONS


@pytest.mark.parametrize(
    ("asked", "permission"),
    [
        ("maintain", Permission.MAINTAIN),
        ("triage", Permission.WRITE),
        ("none", Permission.WRITE),
        ("god", Permission.ADMIN),
    ],
)
def test_a_policy_only_tightens(asked: str, permission: Permission) -> None:
    assert needed(Verb.STOP, Policy(commands=(("stop", asked),))) is permission
    assert needed(Verb.PAUSE, Policy(commands=(("stop", asked),))) is Permission.WRITE


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser_and_what_does_not_begin_with_us_is_nothing(text: str) -> None:
    for paragraph in (text, f"@revwright{text}", f"@revwright {text}"):
        command = parse(paragraph, "revwright")
        assert command is None or paragraph.lower().startswith("@revwright")


def test_the_page_of_commands_has_each_of_them_with_its_permission() -> None:
    page = (Path(__file__).parents[2] / "docs" / "commands.md").read_text()

    for verb, (usage, told) in USAGE.items():
        row = f"| `{usage.replace('|', chr(92) + '|')}` | {told} | {LEAST[verb]} |"
        assert row in page, row
