"""`revwright review --record` and `revwright eval`: the same recording each time, and what differs is told."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.adapters.rules.syntax import installed
from app.cli.main import run
from app.cli.session_files import MAX_BYTES
from app.domain.session_file import lines
from tests.fakes.github.git_store import GitStore
from tests.fakes.model import FakeModel, Rejected, Reviewer, ServerError
from tests.recorded_review import FILE, KEY, SECRET, PlayedSandboxes, head_of, make_repository, record, scripted_model

needs_parser = pytest.mark.skipif(
    not installed(), reason="the sample was recorded with the extra `structural`, which is not installed here"
)
Edit = Callable[[list[dict[str, Any]]], None]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("eval") / "shop.git")


def edited(tmp_path: Path, edit: Edit) -> str:
    """The sample with other lines."""
    rows = [json.loads(line) for line in FILE.read_text().splitlines()]
    edit(rows)
    file = tmp_path / "edited.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(file)


def replay(file: str, shop: Path, *more: str) -> int:
    return run(["eval", "replay", file, "--repo", str(shop), *more], {})


def review_and_record(repository: Path, file: Path, model: FakeModel, **changes: str) -> int:
    environ = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": model.base_url, "HOME": "/nonexistent"}
    command = ["review", "--repo", str(repository), "--base", "main", "--head", "feature", "--record", str(file)]
    return run(command, environ | {"REVWRIGHT_SANDBOX": "off"} | changes)


@needs_parser
def test_the_sample_replays_byte_for_byte(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = replay(str(FILE), shop)
    out = capsys.readouterr().out

    assert status == 0, f"{out}\nif this is what you wanted, record it anew: see tests/samples/sessions/README.md"
    assert out.endswith("calls: 15 same, 0 changed, 0 new, 0 missing\nThe report is identical.\n")


@needs_parser
def test_a_review_that_is_recorded_again_gives_the_same_bytes_and_no_secret(shop: Path) -> None:
    model = scripted_model()
    with model.serving():
        looked = asyncio.run(record(shop, model))
    assert looked.session is not None
    text = "".join(f"{line}\n" for line in lines(looked.session))

    assert text == FILE.read_text()
    assert SECRET not in text
    assert KEY not in text
    assert "[secret: github token]" in text
    labels = [call.label for call in looked.report.calls]
    assert len(labels) == len(set(labels))
    words = {label.split(" ")[0].rstrip(",") for label in labels}
    assert words == {"light", "standard", "core", "security", "across", "judge", "prove"}
    assert {str(one.decision) for one in looked.report.judgements} == {"kept", "lowered", "dropped"}
    assert [one.id for one in looked.report.findings if one.proof] != []


@needs_parser
def test_a_changed_prompt_is_told_once_with_a_readable_diff(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def edit(rows: list[dict[str, Any]]) -> None:
        (system,) = [row for row in rows if (row.get("text", {}).get("value") or {}).get("role") == "system"]
        value = system["text"]["value"]
        value["text"] = value["text"].replace("false alarm\ncosts them an hour", "false alarm\ncosts them a day", 1)

    assert replay(edited(tmp_path, edit), shop) == 1
    out = capsys.readouterr().out
    assert out.startswith("changed  light 1/1, step 1\n         message 1:\n         --- recorded\n         +++ now\n")
    assert "\n         -costs them a day and their trust." in out
    assert "\n         +costs them an hour and their trust." in out
    assert out.count("+costs them") == 1
    assert "\nchanged  core 1/1, step 2\n         message 1: as in light 1/1, step 1\n" in out
    assert "15 calls: 0 same, 15 changed, 0 new, 0 missing\nThe report is identical.\n" in out


@needs_parser
def test_calls_and_commands_that_only_one_of_the_reviews_has_are_told_and_so_is_another_report(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def edit(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            if row.get("call", {}).get("label") == "light 1/1, step 1":
                row["call"]["label"] = "light 2/2, step 1"
            if row.get("command", {}).get("label") == "core 1/1":
                row["command"]["argv"] = ["sh", "-c", "true"]

    assert replay(edited(tmp_path, edit), shop, "--json") == 1
    told = json.loads(capsys.readouterr().out)
    states = {call["label"]: call["state"] for call in told["calls"] if call["state"] != "same"}
    assert states["light 1/1, step 1"] == "new"
    assert states["light 2/2, step 1"] == "missing"
    assert states["core 1/1, step 2"] == "changed"
    assert [(one["label"], one["state"]) for one in told["commands"]] == [
        ("core 1/1: sh -c python -c 'import app.auth'", "new"),
        ("core 1/1: sh -c true", "missing"),
    ]
    assert told["identical"] is False
    assert "the call is not in the recording" in told["report"]["diff"]

    assert replay(str(tmp_path / "edited.jsonl"), shop) == 1
    out = capsys.readouterr().out
    assert "new      command of core 1/1: sh -c python -c 'import app.auth'\n" in out
    assert "\nThe report differs:\n--- recorded\n+++ now\n" in out


@needs_parser
def test_a_sandbox_that_was_gone_is_gone_in_the_replay_too(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = scripted_model()
    with model.serving():
        looked = asyncio.run(record(shop, model, PlayedSandboxes(head_of(shop), gone=True)))
    assert looked.session is not None
    file = tmp_path / "gone.jsonl"
    file.write_text("".join(f"{line}\n" for line in lines(looked.session)))

    assert replay(str(file), shop) == 0
    assert "not_opened" in file.read_text()


def test_a_repository_without_the_commits_is_told_so(
    tmp_path: Path, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.git"
    GitStore.create(other, default_branch="main")

    assert replay(str(FILE), other) == 2
    sha = json.loads(FILE.read_text().splitlines()[0])["header"]["base"]
    assert sha in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"base": "--output=x"}, "'--output=x' is no id of a commit"),
        ({"limits": [["steps", 1.0]]}, "its limits are not those of version 0.1.0; record the review again"),
        ({"parser": not installed()}, "the extra `structural`"),
    ],
)
def test_a_header_that_this_version_cannot_replay(
    changed: dict[str, object], words: str, shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def edit(rows: list[dict[str, Any]]) -> None:
        rows[0]["header"] |= {"parser": installed()} | changed

    assert replay(edited(tmp_path, edit), shop) == 2
    assert words in capsys.readouterr().err


def test_show_reads_out_every_message_once_and_one_call_with_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["eval", "show", str(FILE)], {}) == 0
    out = capsys.readouterr().out
    assert out.count("You review one pull request.") == 1
    assert out.index("\nlight 1/1, step 1\n") < out.index("\nacross, step 1\n") < out.index("\njudge 1, step 1\n")
    assert re.search(r"\[system\] [\d,]+ characters, as in light 1/1, step 1\n", out)
    assert re.search(r"core 1/1 ran at \w{10}: sh -c python -c 'import app.auth'\nexit status 0 after 0.2 s\n", out)

    assert run(["eval", "show", str(FILE), "--call", "judge 1, step 1"], {}) == 0
    out = capsys.readouterr().out
    assert out.startswith("-" * 72 + "\njudge 1, step 1\nmodel ")
    assert "You review one pull request." in out
    assert "=== claim" in out

    assert run(["eval", "show", str(FILE), "--call", "nobody"], {}) == 2
    assert "there is no call 'nobody'; there are:\n  light 1/1, step 1\n" in capsys.readouterr().err


def test_what_a_hostile_recording_says_reaches_the_terminal_without_control_characters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def edit(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            if "call" in row:
                row["call"]["label"] += "\x1b[2J"
                row["call"]["said"]["text"] = "\x1b]0;x\x07\ud800"

    file = edited(tmp_path, edit)
    assert run(["eval", "show", file], {}) == 0
    assert run(["eval", "show", file, "--call", "\x1b[2J"], {}) == 2
    told = capsys.readouterr()
    assert not set("\x1b\x07") & set(told.out + told.err)
    assert "<U+001B>[2J" in told.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\xff\xfe", "byte 1 is no ASCII: no recorded review"),
        (b"PK\x03\x04", "line 1 is no line of a recorded review"),
        (b"[" * 100_000, "line 1 is nested too deep"),
        (b'{"revwright_session": 2}\n', "its format is '2', and this version reads 1"),
    ],
)
def test_what_is_no_recording_gives_one_clear_error(
    content: bytes, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "odd"
    file.write_bytes(content)

    assert run(["eval", "show", str(file)], {}) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"revwright: {str(file)!r}: ")
    assert words in err
    assert err.count("\n") == 1


def test_files_that_are_not_there_and_files_that_are_too_long(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    huge = tmp_path / "huge"
    huge.touch()
    os.truncate(huge, MAX_BYTES + 1)  # it takes no room

    assert run(["eval", "show", str(tmp_path / "none")], {}) == 2
    assert run(["eval", "show", str(huge)], {}) == 2
    err = capsys.readouterr().err
    assert "none' cannot be read: No such file or directory" in err
    assert "huge' has more than 256 MB" in err


def test_a_recording_is_for_its_owner_alone_and_never_overwrites(
    shop: Path, tmp_path: Path, model: FakeModel, capsys: pytest.CaptureFixture[str]
) -> None:
    model.api_key = KEY
    model.behaviour = Reviewer({})
    file = tmp_path / "session.jsonl"
    umask = os.umask(0)
    try:
        assert review_and_record(shop, file, model) == 0
    finally:
        os.umask(umask)
    before, asked = file.read_bytes(), len(model.requests)

    assert file.stat().st_mode & 0o777 == 0o600
    assert replay(str(file), shop) == 0
    assert review_and_record(shop, file, model) == 2
    assert "is there already; name a file that is not" in capsys.readouterr().err
    assert (file.read_bytes(), len(model.requests)) == (before, asked)
    assert review_and_record(shop, tmp_path / "none" / "x", model) == 2
    assert "cannot be written: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (ServerError(503), '"kind": "unavailable"'),
        (Rejected(401, f"Incorrect API key provided: {KEY}.", code="invalid_api_key"), '"kind": "rejected"'),
    ],
)
def test_an_incomplete_review_is_recorded_too_and_replays_as_incomplete(
    reply: ServerError | Rejected, words: str, shop: Path, tmp_path: Path, model: FakeModel
) -> None:
    model.api_key = KEY
    model.behaviour = lambda _: reply
    file = tmp_path / "session.jsonl"

    assert review_and_record(shop, file, model) == 3
    assert words in file.read_text()
    assert KEY not in file.read_text()
    assert replay(str(file), shop) == 0


def test_a_call_that_a_cap_refused_replays_as_refused(
    shop: Path, tmp_path: Path, model: FakeModel, capsys: pytest.CaptureFixture[str]
) -> None:
    model.api_key = KEY
    prices = {name: {"input": 1, "cached": 1, "output": 1} for name in ("gpt-5.4", "gpt-5.4-mini")}
    caps = {"REVWRIGHT_MODEL_PRICES": json.dumps(prices), "REVWRIGHT_USD_PER_PULL_REQUEST": "0.0001"}
    file = tmp_path / "session.jsonl"

    assert review_and_record(shop, file, model, **caps) == 3
    assert model.requests == []
    assert '"kind": "budget"' in file.read_text()
    assert replay(str(file), shop) == 0


def test_without_a_model_there_is_nothing_to_record(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["review", "--repo", str(shop), "--base", "main", "--head", "feature", "--record", str(tmp_path / "x")]

    assert run(command, {"HOME": "/nonexistent"}) == 2
    assert run([*command, "--static"], {"HOME": "/nonexistent"}) == 2
    err = capsys.readouterr().err
    assert "no model is configured, so there is nothing to record" in err
    assert "with --static no model is asked" in err
    assert not (tmp_path / "x").exists()


def test_a_review_that_fails_leaves_no_file(
    shop: Path, tmp_path: Path, model: FakeModel, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["review", "--repo", str(shop), "--base", "nowhere", "--record", str(tmp_path / "x")]

    assert run(command, {"HOME": "/nonexistent", "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": model.base_url}) == 2
    assert not (tmp_path / "x").exists()
