"""`revwright review` with a model, end to end: each format by its schema, each exit status, and what is not started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from app.cli.main import run
from tests.fakes.model import FakeModel, Hang, Reviewer, ServerError
from tests.recorded_review import KEY, make_repository

_ROOT = Path(__file__).resolve().parents[2]
_FOUND = {"len(items)": {"title": "Division by zero", "severity": "P1", "body": "`mean([])` fails."}}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("review") / "shop.git")


def environment(model: FakeModel, data: Path, **more: str) -> dict[str, str]:
    model.api_key = KEY
    return {
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": model.base_url,
        "HOME": "/nonexistent",
        "REVWRIGHT_SANDBOX": "off",
        "REVWRIGHT_DATA_DIR": str(data / "data"),
        **more,
    }


def command(shop: Path, *more: str) -> list[str]:
    return ["review", "--repo", str(shop), "--base", "main", "--head", "feature", *more]


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_what_programs_read_holds_to_its_schema(
    form: str, shop: Path, tmp_path: Path, model: FakeModel, capsys: pytest.CaptureFixture[str]
) -> None:
    model.behaviour = Reviewer(_FOUND)
    assert run(command(shop, "--format", form), environment(model, tmp_path)) == 1
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    if form == "json":
        schema = json.loads((_ROOT / "docs/report.schema.json").read_text("utf-8"))
        jsonschema.Draft202012Validator(schema).validate(told)
        assert [one["title"] for one in told["findings"]] == ["Division by zero"]
    else:
        schema = json.loads((_ROOT / "tests/samples/sarif/sarif-2.1.0-rtm.5.json").read_text("utf-8"))
        jsonschema.Draft4Validator(schema).validate(told)
        assert len(told["runs"][0]["results"]) == 1


def test_an_outage_is_told_and_nothing_promises_to_try_again(
    shop: Path, tmp_path: Path, model: FakeModel, capsys: pytest.CaptureFixture[str]
) -> None:
    model.behaviour = lambda _: ServerError(503)

    assert run(command(shop), environment(model, tmp_path)) == 3
    out = capsys.readouterr().out
    assert "3 not reviewed" in out
    assert "tried again by itself" not in out


def test_without_core_files_no_runner_is_started(tmp_path: Path, model: FakeModel) -> None:
    """With a data directory that nobody can make a runner would have nowhere to put workspaces."""
    store = tmp_path / "plain.git"
    make_repository(store, core=False)
    (tmp_path / "data").write_text("a file")
    places = {"REVWRIGHT_SANDBOX": "bubblewrap", "REVWRIGHT_WORKSPACES_DIR": str(tmp_path / "data")}
    environ = environment(model, tmp_path, **places)

    assert run(command(store), environ) == 0
    assert (tmp_path / "data").read_text() == "a file"


def test_ctrl_c_ends_it_with_no_process_and_no_file_left(shop: Path, tmp_path: Path, model: FakeModel) -> None:
    model.behaviour = lambda _: Hang()
    environ = environment(model, tmp_path) | {"PATH": os.environ["PATH"]}
    file = tmp_path / "session.jsonl"
    arguments = [sys.executable, "-m", "app.cli", *command(shop, "--record", str(file))]
    with subprocess.Popen(arguments, env=environ, cwd=_ROOT, start_new_session=True, stderr=subprocess.PIPE) as process:
        ends = time.monotonic() + 30
        while not model.requests and time.monotonic() < ends:
            time.sleep(0.02)
        assert model.requests
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)

    assert (process.returncode, told) == (130, b"")
    assert not file.exists()
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
