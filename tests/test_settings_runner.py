"""Settings of the process that executes code of pull requests: few, and none of them a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.domain.errors import SettingsInvalid
from app.domain.setup_hosts import setup_hosts
from app.settings import RunnerSettings, Settings, runner_environment, sandbox_settings
from app.settings.catalogue import CATALOGUE

HOME = {"HOME": "/home/op"}


def test_a_runner_is_told_what_it_needs_and_nothing_else() -> None:
    settings = Settings.from_environment(HOME | {"REVWRIGHT_SANDBOX_ROOT": "/srv/root", "OPENAI_API_KEY": "sk-1"})
    told = runner_environment(settings.sandbox, Path("/srv/w"), "json")
    assert told == {
        "REVWRIGHT_SANDBOX_ROOT": "/srv/root",
        "REVWRIGHT_SANDBOXES_AT_ONCE": "4",
        "REVWRIGHT_WORKSPACES_DIR": "/srv/w",
        "REVWRIGHT_KEPT_WORKSPACE_HOURS": "72",
        "REVWRIGHT_KEPT_WORKSPACES_MB": "4096",
        "REVWRIGHT_ENVIRONMENT_DAYS": "14",
        "REVWRIGHT_ENVIRONMENTS_MB": "8192",
        "REVWRIGHT_LOG_FORMAT": "json",
    }
    runner = RunnerSettings.from_environment(told)
    assert (runner.sandbox.root, runner.workspaces_dir, runner.log_format) == (
        Path("/srv/root"),
        Path("/srv/w"),
        "json",
    )


@pytest.mark.parametrize("name", [setting.name for setting in CATALOGUE if setting.secret])
def test_a_runner_refuses_to_know_a_secret(name: str) -> None:
    with pytest.raises(SettingsInvalid, match=f"{name}: a runner of sandboxes must not know it") as caught:
        RunnerSettings.from_environment({name: "the secret"})
    assert "the secret" not in str(caught.value)


def test_a_runner_s_workspaces_lie_in_its_data_directory_unless_it_is_told() -> None:
    assert RunnerSettings.from_environment({}).workspaces_dir is None
    assert RunnerSettings.from_environment({"REVWRIGHT_DATA_DIR": "/srv/r"}).workspaces_dir == Path("/srv/r/workspaces")


def test_a_runner_is_told_the_hosts_of_setup_as_they_are_understood() -> None:
    given = "PyPI.org, *.example.org:8080, mirror.internal/private"
    settings = Settings.from_environment(HOME | {"REVWRIGHT_SETUP_HOSTS": given})
    told = runner_environment(settings.sandbox, Path("/srv/w"), "json")
    assert told["REVWRIGHT_SETUP_HOSTS"] == "*.example.org:8080,mirror.internal/private,pypi.org"
    assert RunnerSettings.from_environment(told).sandbox.setup_hosts == setup_hosts(given)
    with pytest.raises(
        SettingsInvalid, match=r"REVWRIGHT_SETUP_HOSTS: 'https://pypi.org' is not a host: write `pypi.org`"
    ):
        sandbox_settings({"REVWRIGHT_SETUP_HOSTS": "https://pypi.org"})


def test_hosts_of_setup_are_for_the_runner() -> None:
    environ = HOME | {"REVWRIGHT_SETUP_HOSTS": "pypi.org", "REVWRIGHT_RUNNER_SOCKET": "/run/r/s"}
    (warning,) = Settings.from_environment(environ).warnings
    assert "REVWRIGHT_SETUP_HOSTS: it has no effect here" in warning


def test_the_sandbox_s_settings_can_be_read_beside_anything() -> None:
    """A command that takes nothing from its environment but these need not mind what else is there."""
    assert sandbox_settings({"REVWRIGHT_NONSENSE": "1", "REVWRIGHT_SANDBOX_ROOT": "/srv"}).root == Path("/srv")
    with pytest.raises(SettingsInvalid, match="REVWRIGHT_SANDBOX_ROOT"):
        sandbox_settings({"REVWRIGHT_SANDBOX_ROOT": "srv"})
