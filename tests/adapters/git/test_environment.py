"""Nothing of the caller's environment or of any configuration file reaches git, and no transport but ours works."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.git.environment import git_environment
from app.adapters.git.process import Git
from app.domain.errors import GitFailed
from tests.adapters.git.stores import Store


@pytest.fixture
def git(store: Store) -> Git:
    return Git(store.git_dir, "acme/web")


async def test_the_environment_is_complete(git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_TRACE", "GIT_EXTERNAL_DIFF", "GIT_DIR", "https_proxy", "REVWRIGHT_SECRET", "GIT_SSL_NO_VERIFY"):
        monkeypatch.setenv(name, str(tmp_path / "leak"))
    seen = await replace(
        git, options=("-c", f"alias.show-it=!{sys.executable} -c 'import os; print(*os.environ)'")
    ).output("show-it")
    own = {"GIT_DIR", "GIT_EXEC_PATH", "GIT_PREFIX", "GIT_CONFIG_PARAMETERS", "PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE"}
    assert set(seen.decode().split()) - own == set(git_environment())


async def test_configuration_files_are_outranked(git: Git, store: Store) -> None:
    store.git("config", "core.hooksPath", "/tmp/hooks")
    store.git("config", "http.followRedirects", "true")
    for name, value in (("core.hooksPath", "/dev/null"), ("http.followRedirects", "false")):
        assert (await git.output("config", "--get", name)).decode().strip() == value


async def test_pairs_of_a_command_come_last(git: Git) -> None:
    environment = git_environment(config=(("http.followRedirects", "initial"), ("x.y", "a\nb=c")))
    own = replace(git, environment=environment)
    assert await own.output("config", "--get", "http.followRedirects") == b"initial\n"
    assert await own.output("config", "--null", "--get", "x.y") == b"a\nb=c\0"


@pytest.mark.parametrize(
    ("url", "protocol"),
    [
        ("ext::sh -c 'touch {sentinel}'", "ext"),
        ("file://{store}", "file"),
        ("{store}", "file"),
        ("ssh://localhost/x", "ssh"),
        ("localhost:x", "ssh"),
        ("git://localhost/x", "git"),
        ("http://127.0.0.1:1/x", "http"),
        ("ftp://127.0.0.1:1/x", "ftp"),
        ("fd::17/x", "fd"),
    ],
)
async def test_other_transports_are_refused(git: Git, store: Store, tmp_path: Path, url: str, protocol: str) -> None:
    for name in ("ext", "file", "ssh", "git", "http", "ftp", "fd"):
        store.git("config", f"protocol.{name}.allow", "always")
    for protocols in ((), ("https",)):
        own = replace(git, environment=git_environment(protocols=protocols))
        with pytest.raises(GitFailed, match=f"transport '{protocol}' not allowed"):
            await own.output("ls-remote", url.format(sentinel=tmp_path / "it-ran", store=store.git_dir))
    assert [path for path in (tmp_path / "it-ran",) if path.exists()] == []
