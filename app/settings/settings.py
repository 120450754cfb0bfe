"""All settings of a process, read from the environment once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.domain.errors import SettingsInvalid
from app.domain.money import Caps
from app.settings.catalogue import FILE_SUFFIX
from app.settings.environment import Environment, told
from app.settings.fix import FixCommits, read_fix_commits
from app.settings.github import APP_ID, NEEDED, PRIVATE_KEY, WEBHOOK_SECRET, GitHubSettings, read_github
from app.settings.jobs import JobSettings, read_jobs
from app.settings.log_format import LogFormat, read_log_format
from app.settings.model import ModelSettings, read_model
from app.settings.money import read_caps
from app.settings.policy import PolicySettings, read_policy
from app.settings.receipts import receipt_key
from app.settings.sandbox import SandboxSettings, read_sandbox
from app.settings.secret import Secret
from app.settings.values import data_dir, host, port, positives, web_url

_REDIS_URL = "REVWRIGHT_REDIS_URL"
_DATA_DIR = "REVWRIGHT_DATA_DIR"
_REMEDIES = {
    APP_ID: "the number on the App's settings page",
    PRIVATE_KEY: f"or {PRIVATE_KEY}{FILE_SUFFIX}: the PEM file from the App's settings page",
    WEBHOOK_SECRET: f"or {WEBHOOK_SECRET}{FILE_SUFFIX}: make one with `openssl rand -hex 32`",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Only wiring and entry points see this; everything else receives the values it needs."""

    github: GitHubSettings | None
    """None when this process was not told who it is on GitHub; see `need_github`."""
    model: ModelSettings | None
    """None: no model, only the static rules."""
    caps: Caps
    """What may be spent on models at most; `caps_for` adds what a repository's policy says."""
    redis_url: Secret | None
    """None: the embedded server. Otherwise `parse_redis_url` takes it."""
    jobs: JobSettings
    data_dir: Path
    host: str
    port: int
    public_url: str | None
    allowed_accounts: frozenset[int]
    """Empty: every account."""
    sandbox: SandboxSettings
    fix_commits: FixCommits
    policy: PolicySettings
    receipt_key: Secret | None
    """None: the key in the data directory, which is made when there is none. Otherwise a PEM text, checked."""
    log_format: LogFormat
    warnings: tuple[str, ...]
    """What an operator should know, though it stops nothing."""
    missing: tuple[str, ...] = ()
    """The settings for GitHub that were not given."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], *, require_github: bool = False) -> Settings:
        """Raises SettingsInvalid with every problem at once. Commands that never talk to GitHub require none."""
        env = Environment(environ)
        env.refuse_unknown()
        missing = tuple(name for name in NEEDED if not env.given(name))
        if require_github:
            env.problems += [_missing(name) for name in missing]
        model = read_model(env)
        settings = cls(
            github=read_github(env),
            model=model,
            caps=read_caps(env, model),
            redis_url=env.read(_REDIS_URL, _redis_url),
            jobs=read_jobs(env),
            data_dir=_data_dir(env, environ),
            host=env.read("REVWRIGHT_HOST", host) or "",
            port=env.read("REVWRIGHT_PORT", port) or 0,
            public_url=env.read("REVWRIGHT_PUBLIC_URL", web_url),
            allowed_accounts=env.read("REVWRIGHT_ALLOWED_ACCOUNTS", positives) or frozenset(),
            sandbox=read_sandbox(env),
            fix_commits=read_fix_commits(env),
            policy=read_policy(env),
            receipt_key=env.read("REVWRIGHT_RECEIPT_KEY", receipt_key),
            log_format=read_log_format(env),
            warnings=tuple(env.warnings),
            missing=missing,
        )
        env.finish()
        return settings

    def need_github(self) -> GitHubSettings:
        """For what talks to GitHub. Raises SettingsInvalid that names the settings that are missing."""
        if self.github is None:
            raise SettingsInvalid(told([_missing(name) for name in self.missing]))
        return self.github


def _missing(name: str) -> str:
    return f"{name}: not set, and needed to talk to GitHub; set it, {_REMEDIES[name]}"


def _redis_url(text: str) -> Secret:
    # Loading Redis' client takes longer than all the rest of a command that needs none.
    from app.adapters.store.redis_url import parse_redis_url  # noqa: PLC0415

    try:
        parse_redis_url(text)
    except SettingsInvalid as error:
        raise ValueError(str(error).removeprefix(f"{_REDIS_URL}: ")) from None
    return Secret(text)


def _data_dir(env: Environment, environ: Mapping[str, str]) -> Path:
    """$XDG_STATE_HOME counts only when it is absolute, as its specification wants."""
    home, state = environ.get("HOME", ""), environ.get("XDG_STATE_HOME", "")
    chosen = env.read(_DATA_DIR, data_dir(home))
    if chosen is not None:
        return chosen
    if Path(state).is_absolute():
        return Path(state, "revwright")
    if not Path(home).is_absolute() and not env.given(_DATA_DIR):
        env.problems.append(f"{_DATA_DIR}: not set, and there is no home directory to put it; write an absolute path")
    return Path(home, ".local", "state", "revwright")
