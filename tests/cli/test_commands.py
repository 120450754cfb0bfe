"""The command line: what is printed, to which stream, and the exit status."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.main import COMMANDS, parser, run
from tests.fakes.github import FakeGitHub, Repository
from tests.fakes.model import FakeModel, Reviewer
from tests.stories.test_first_review import BUG, DIVISION
from tests.world import MODEL_KEY

CONFLICT = "<<<<<<< ours\na = 1\n=======\na = 2\n>>>>>>> theirs\n"


@pytest.fixture
def repo(github: FakeGitHub) -> Repository:
    made = github.create_repository("acme/web")
    made.commit("main", {"README.md": "# web\n"})
    return made


def review(repo: Repository, *arguments: str, env: dict[str, str] | None = None) -> int:
    command = ["review", "--repo", str(repo.git_dir), "--base", "main", "--head", "feature", *arguments]
    return run(command, {"HOME": "/nonexistent", **(env or {})})


def model_env(model: FakeModel) -> dict[str, str]:
    return {"OPENAI_API_KEY": MODEL_KEY, "OPENAI_BASE_URL": model.base_url}


def test_the_commands_are_those_that_help_lists(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["--help"])

    assert ended.value.code == 0
    listed = re.findall(r"^    (\w+) ", capsys.readouterr().out, re.MULTILINE)
    assert tuple(listed) == COMMANDS


def test_a_blocking_finding_exits_1_and_is_printed_plain_when_piped(
    repo: Repository, model: FakeModel, capsys: pytest.CaptureFixture[str]
) -> None:
    model.behaviour = Reviewer(DIVISION)
    repo.commit("feature", {"app/price.py": BUG})

    assert review(repo, env=model_env(model)) == 1
    out = capsys.readouterr().out
    assert out.startswith("Blocked by 1 finding\n")
    assert "P1 Division by zero for an empty list" in out
    assert "app/price.py:2" in out
    assert "1 of 1 files reviewed" in out
    assert "\x1b" not in out


def test_a_clean_range_exits_0(repo: Repository, model: FakeModel, capsys: pytest.CaptureFixture[str]) -> None:
    repo.commit("feature", {"app/price.py": BUG})

    assert review(repo, env=model_env(model)) == 0
    assert "Passed" in capsys.readouterr().out


def test_without_a_model_it_says_so_and_exits_3(repo: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repo.commit("feature", {"app/price.py": BUG})

    assert review(repo) == 3
    out = capsys.readouterr().out
    assert "AI did not look" in out
    assert "not reviewed  app/price.py" in out


def test_static_only_was_asked_for_so_its_silence_is_a_pass(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.commit("feature", {"app/price.py": BUG})
    assert review(repo, "--static") == 0
    repo.commit("feature", {"app/merge.py": CONFLICT})
    assert review(repo, "--static") == 1
    assert "found" not in capsys.readouterr().err


def test_json(repo: Repository, model: FakeModel, capsys: pytest.CaptureFixture[str]) -> None:
    model.behaviour = Reviewer(DIVISION)
    repo.commit("feature", {"app/price.py": BUG, "data.bin": b"\x00\x01"})

    assert review(repo, "--format", "json", env=model_env(model)) == 1
    report = json.loads(capsys.readouterr().out)
    (finding,) = report["findings"]
    assert (report["verdict"]["state"], report["verdict"]["blocking"]) == ("blocked", [finding["id"]])
    assert (finding["path"], finding["start_line"], finding["severity"]) == ("app/price.py", 2, "P1")
    assert {c["path"]: c["state"] for c in report["coverage"]} == {"app/price.py": "reviewed", "data.bin": "unreviewed"}
    assert [call["label"] for call in report["calls"]] == ["standard 1/1, step 1", "judge 1, step 1"]


def test_sarif_names_what_was_not_reviewed(
    repo: Repository, model: FakeModel, capsys: pytest.CaptureFixture[str]
) -> None:
    model.behaviour = Reviewer(DIVISION)
    repo.commit("feature", {"app/price.py": BUG, "data.bin": b"\x00\x01"})

    assert review(repo, "--format", "sarif", env=model_env(model)) == 1
    (told,) = json.loads(capsys.readouterr().out)["runs"]
    (result,) = told["results"]
    assert result["ruleId"] == "revwright/model"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 2
    assert told["invocations"][0]["executionSuccessful"] is False
    assert "data.bin" in told["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]


def test_markdown(repo: Repository, model: FakeModel, capsys: pytest.CaptureFixture[str]) -> None:
    model.behaviour = Reviewer(DIVISION)
    repo.commit("feature", {"app/price.py": BUG})

    assert review(repo, "--format", "markdown", env=model_env(model)) == 1
    out = capsys.readouterr().out
    assert out.startswith("### Blocked by 1 finding\n")
    assert "\n---\n\n`app/price.py:2`\n\n**P1 · Division by zero for an empty list**\n" in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--base", "nowhere"], "nowhere"),
        (["--base", "--upload-pack=x"], "expected one argument"),
        (["--repo", "/nonexistent", "--base", "main"], "/nonexistent"),
    ],
)
def test_wrong_arguments_are_an_error_with_a_message(
    repo: Repository, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["review", "--repo", str(repo.git_dir), "--head", "main", *arguments]
    try:
        status = run(command, {"HOME": "/nonexistent"})
    except SystemExit as ended:  # argparse's own way
        status = int(str(ended.code))
    assert status == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert "Traceback" not in captured.err


def test_settings_that_are_wrong_name_the_setting(repo: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    assert review(repo, env={"REVWRIGHT_MODEL_APY": "chat"}) == 2
    assert "did you mean REVWRIGHT_MODEL_API" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["up", "web", "worker"])
def test_serving_without_settings_names_what_is_missing(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command], {"HOME": "/nonexistent"}) == 2
    err = capsys.readouterr().err
    for name in ("REVWRIGHT_GITHUB_APP_ID", "REVWRIGHT_GITHUB_PRIVATE_KEY", "REVWRIGHT_GITHUB_WEBHOOK_SECRET"):
        assert name in err


def test_config_check_on_a_policy_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "revwright.yml"
    file.write_text("version: 1\nreview:\n  block_at: P1\n")
    assert run(["config", "check", str(file)], {}) == 0
    file.write_text("version: 1\nreview:\n  block_att: P1\n")
    assert run(["config", "check", str(file)], {}) == 1
    captured = capsys.readouterr()
    assert captured.out == f"{file}: valid\n"
    assert captured.err.startswith(f"{file}:3:3: ")
    assert "block_at" in captured.err
    assert run(["config", "check", str(tmp_path / "none.yml")], {}) == 2


def test_a_range_without_commits_is_an_error_not_a_pass(repo: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repo.commit("feature", {"app/price.py": BUG})
    swapped = ["review", "--repo", str(repo.git_dir), "--base", "feature", "--head", "main"]

    assert run(swapped, {"HOME": "/nonexistent"}) == 2
    assert "nothing to review" in capsys.readouterr().err


def test_a_port_that_is_none_and_a_version(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["up", "--port", "99999"], ["--version"]):
        with pytest.raises(SystemExit):
            run(command, {})
    captured = capsys.readouterr()
    assert "'99999' is not a port" in captured.err
    assert captured.out == "revwright 0.1.0\n"


def test_a_reader_that_has_seen_enough_is_no_error(repo: Repository) -> None:
    repo.commit("feature", {f"f{n}.py": CONFLICT for n in range(200)})
    command = f"{sys.executable} -m app.cli review --repo {repo.git_dir} --base main --head feature --static | head -1"
    env = {"HOME": "/nonexistent", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, env=env)

    assert done.stdout == "Blocked by 200 findings\n"
    assert done.stderr == ""


def test_config_check_on_settings(github: FakeGitHub, capsys: pytest.CaptureFixture[str]) -> None:
    env = {
        "HOME": "/home/op",
        "REVWRIGHT_GITHUB_APP_ID": "1",
        "REVWRIGHT_GITHUB_PRIVATE_KEY": github.app_private_key,
        "REVWRIGHT_GITHUB_WEBHOOK_SECRET": "x" * 32,
    }
    assert run(["config", "check", "--settings"], env) == 0
    assert run(["config", "check", "--settings"], env | {"REVWRIGHT_GITHUB_WEBHOOK_SECRET": "short"}) == 2
    captured = capsys.readouterr()
    assert captured.out == "settings: valid\n"
    assert "REVWRIGHT_GITHUB_WEBHOOK_SECRET" in captured.err


def test_the_web_process_loads_neither_the_model_sdk_nor_the_github_client() -> None:
    program = (
        "import sys, app.web.main, app.wiring.web; "
        "print([m for m in ('openai', 'githubkit', 'httpx', 'httpx2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_a_terminal_gets_colours(repo: Repository) -> None:
    repo.commit("feature", {"app/merge.py": CONFLICT})
    command = [sys.executable, "-m", "app.cli", "review", "--repo", str(repo.git_dir), "--base", "main"]
    script = " ".join([*command, "--head", "feature", "--static"])
    env = {"HOME": "/nonexistent", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["script", "-qec", script, "/dev/null"], capture_output=True, text=True, check=False, env=env)

    assert "\x1b[1;31mBlocked by 1 finding\x1b[0m" in done.stdout
