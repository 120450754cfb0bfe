"""Whether and how code of a pull request is executed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.domain.setup_hosts import NO_HOSTS, SetupHosts, setup_hosts
from app.settings.catalogue import CATALOGUE
from app.settings.environment import Environment
from app.settings.log_format import LogFormat, read_log_format
from app.settings.values import absolute_path, data_dir, one_of, user_name, whole

SandboxKind = Literal["bubblewrap", "off"]

_KIND: Callable[[str], SandboxKind] = one_of("bubblewrap", "off")


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    kind: SandboxKind
    root: Path | None
    """None: the programs of this machine."""
    minutes: int
    memory_mb: int
    disk_mb: int
    at_once: int
    runner_socket: Path | None
    """None: a worker starts a runner of its own."""
    runner_user: str | None
    workspaces_dir: Path | None
    kept_hours: int
    """Of workspaces, since they were last used."""
    kept_mb: int
    environment_days: int
    """The same of prepared environments."""
    environments_mb: int
    setup_hosts: SetupHosts = NO_HOSTS
    """What a project's setup may reach."""


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """What the process that executes code of pull requests is told."""

    sandbox: SandboxSettings
    workspaces_dir: Path | None
    """None: no setting says where."""
    log_format: LogFormat

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> RunnerSettings:
        """Raises SettingsInvalid, also when the environment has a secret: this process must not have any."""
        env = Environment(environ)
        env.refuse_unknown()
        env.problems += [
            f"{setting.name}: a runner of sandboxes must not know it; unset it here, its workers have it"
            for setting in CATALOGUE
            if setting.secret and env.given(setting.name)
        ]
        sandbox = read_sandbox(env)
        data = env.read("REVWRIGHT_DATA_DIR", data_dir(environ.get("HOME", "")))
        log_format = read_log_format(env)
        env.finish()
        return cls(sandbox, sandbox.workspaces_dir or (data and data / "workspaces"), log_format)


def sandbox_settings(environ: Mapping[str, str]) -> SandboxSettings:
    """Only these, whatever else the environment holds. Raises SettingsInvalid."""
    env = Environment(environ)
    settings = read_sandbox(env)
    env.finish()
    return settings


def runner_environment(settings: SandboxSettings, workspaces_dir: Path, log_format: LogFormat) -> dict[str, str]:
    """What a worker tells its own runner: these settings and no other."""
    told = {
        "REVWRIGHT_SANDBOX_ROOT": settings.root,
        "REVWRIGHT_SANDBOXES_AT_ONCE": settings.at_once,
        "REVWRIGHT_RUNNER_USER": settings.runner_user,
        "REVWRIGHT_WORKSPACES_DIR": workspaces_dir,
        "REVWRIGHT_KEPT_WORKSPACE_HOURS": settings.kept_hours,
        "REVWRIGHT_KEPT_WORKSPACES_MB": settings.kept_mb,
        "REVWRIGHT_ENVIRONMENT_DAYS": settings.environment_days,
        "REVWRIGHT_ENVIRONMENTS_MB": settings.environments_mb,
        "REVWRIGHT_SETUP_HOSTS": settings.setup_hosts or None,
        "REVWRIGHT_LOG_FORMAT": log_format,
    }
    return {name: str(value) for name, value in told.items() if value is not None}


def read_sandbox(env: Environment) -> SandboxSettings:
    """What is wrong becomes a problem of `env`; its value is then of no use."""

    def count(name: str, low: int, high: int) -> int:
        return env.read(name, whole(low, high)) or low

    socket = env.read("REVWRIGHT_RUNNER_SOCKET", absolute_path)
    if socket is not None and env.given("REVWRIGHT_SETUP_HOSTS"):
        env.warnings.append(
            "REVWRIGHT_SETUP_HOSTS: it has no effect here; set it for the runner that REVWRIGHT_RUNNER_SOCKET names"
        )
    return SandboxSettings(
        kind=env.read("REVWRIGHT_SANDBOX", _kind) or "bubblewrap",
        root=env.read("REVWRIGHT_SANDBOX_ROOT", absolute_path),
        minutes=count("REVWRIGHT_SANDBOX_MINUTES", 1, 240),
        memory_mb=count("REVWRIGHT_SANDBOX_MEMORY_MB", 64, 1_000_000),
        disk_mb=count("REVWRIGHT_SANDBOX_DISK_MB", 16, 1_000_000),
        at_once=count("REVWRIGHT_SANDBOXES_AT_ONCE", 1, 1_000),
        runner_socket=socket,
        runner_user=env.read("REVWRIGHT_RUNNER_USER", user_name),
        workspaces_dir=env.read("REVWRIGHT_WORKSPACES_DIR", absolute_path),
        kept_hours=count("REVWRIGHT_KEPT_WORKSPACE_HOURS", 1, 10_000),
        kept_mb=count("REVWRIGHT_KEPT_WORKSPACES_MB", 16, 100_000_000),
        environment_days=count("REVWRIGHT_ENVIRONMENT_DAYS", 1, 1_000),
        environments_mb=count("REVWRIGHT_ENVIRONMENTS_MB", 16, 100_000_000),
        setup_hosts=env.read("REVWRIGHT_SETUP_HOSTS", setup_hosts) or NO_HOSTS,
    )


def _kind(text: str) -> SandboxKind:
    if text == "kubernetes":
        raise ValueError("this version has no sandboxes in pods yet; write bubblewrap, or off")
    return _KIND(text)
