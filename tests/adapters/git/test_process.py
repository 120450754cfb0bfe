"""A git process ends within its limits, takes its children along, and says what went wrong without secrets."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.git.environment import git_environment
from app.adapters.git.process import GitDamaged, Limits, check_git_version
from app.domain.errors import GitFailed, SettingsInvalid
from tests.adapters.git.fake_git import fake_git

TOKEN = "tok-0123456789"


async def failure(script: str, directory: Path, *, secrets: tuple[str, ...] = ()) -> GitFailed:
    with pytest.raises(GitFailed) as caught:
        await fake_git(directory, script, secrets=secrets).output("fetch", "x")
    return caught.value


async def test_output_and_input(tmp_path: Path) -> None:
    git = fake_git(tmp_path, "cat; echo end")
    data = bytes(range(256)) * 4000
    assert await git.output("x", stdin=data) == data + b"end\n"
    assert await git.output("x") == b"end\n"


async def test_input_that_is_not_read(tmp_path: Path) -> None:
    assert await fake_git(tmp_path, "exec 0<&-; echo done").output("x", stdin=b"x" * 5_000_000) == b"done\n"


async def test_arguments_and_place(tmp_path: Path) -> None:
    git = fake_git(tmp_path, 'pwd; printf "%s|" "$@"')
    printed = await replace(git, options=("-c", "a.b=c")).output("show", "$(id)", b"\xff", "a b")
    assert printed == b"/\n--git-dir=%s|-c|a.b=c|show|$(id)|\xff|a b|" % bytes(tmp_path)


async def test_only_accepted_exit_statuses(tmp_path: Path) -> None:
    git = fake_git(tmp_path, "echo out; echo why >&2; exit 1")
    assert await git.output("merge-base", accept=(0, 1)) == b"out\n"
    with pytest.raises(GitFailed, match=r"^git merge-base of acme/web failed: why$"):
        await git.output("merge-base")


@pytest.mark.parametrize(
    ("stderr", "message"),
    [
        ("first\\nlast\\n\\n", "last"),
        ("", "git gave no reason"),
        ("progress 1%\\rprogress 2%\\r", "progress 2%"),
        ("fatal: \\033[31mred\\033]0;title\\007", "fatal: \\x1b[31mred\\x1b]0;title\\x07"),
        (f"fatal: {TOKEN} is {TOKEN}", "fatal: *** is ***"),
        ("fatal: https://x-access-token:other@github.com/a/b not found", "fatal: https://***@github.com/a/b not found"),
        ("fatal: ghs_abcDEF123.x-y and github_pat_1A", "fatal: *** and ***"),
        (base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode(), "***"),
        ("a" * 400, "a" * 300),
        (f"error: object {'1' * 40}: hasDotgit: bad\\nfatal: x", f"error: object {'1' * 40}: hasDotgit: bad"),
    ],
)
async def test_the_message_of_a_failure(tmp_path: Path, stderr: str, message: str) -> None:
    error = await failure(f"printf '%b' '{stderr}' >&2; exit 128", tmp_path, secrets=(TOKEN,))
    assert str(error) == f"git fetch of acme/web failed: {message}"


@pytest.mark.parametrize(
    ("stderr", "kind", "retry"),
    [
        ("fatal: unable to access: Could not resolve host: github.com", GitFailed, True),
        ("fatal: The requested URL returned error: 502", GitFailed, True),
        ("fatal: The requested URL returned error: 403", GitFailed, False),
        ("fatal: early EOF", GitFailed, True),
        ("fatal: repository not found", GitFailed, False),
        ("fatal: bad object refs/revwright/pulls/1/head", GitDamaged, True),
        ("remote: fatal: bad object refs/revwright/pulls/1/head", GitFailed, False),
        ("fatal: remote error: loose object is corrupt", GitFailed, False),
        ("fatal: packfile x/objects/pack/y.pack is bad\nfatal: early EOF", GitFailed, True),
    ],
)
async def test_what_may_be_tried_again(tmp_path: Path, stderr: str, kind: type[GitFailed], retry: bool) -> None:
    mark = tmp_path / "damaged"
    git = replace(fake_git(tmp_path, f"echo '{stderr}' >&2; exit 1"), damage_mark=mark)
    with pytest.raises(GitFailed) as caught:
        await git.output("fetch")
    assert (type(caught.value), caught.value.retry) == (kind, retry)
    assert mark.exists() == (kind is GitDamaged)


async def test_damage_that_nobody_repairs_is_not_tried_again(tmp_path: Path) -> None:
    error = await failure("echo 'fatal: bad object refs/x' >&2; exit 1", tmp_path)
    assert isinstance(error, GitDamaged)
    assert not error.retry


async def test_a_killed_git_may_be_tried_again(tmp_path: Path) -> None:
    assert (await failure("kill -9 $$", tmp_path)).retry


async def test_too_much_output(tmp_path: Path) -> None:
    git = fake_git(tmp_path, "yes", limits=Limits(output_bytes=1000))
    with pytest.raises(GitFailed, match="git log of acme/web printed more than 1000 bytes"):
        await git.output("log")


async def test_a_flood_of_complaints_is_not_kept(tmp_path: Path) -> None:
    error = await failure("head -c 3000000 /dev/zero >&2; echo >&2; echo end >&2; exit 1", tmp_path)
    assert str(error).endswith("failed: end")


async def test_a_sink_that_has_enough_ends_git(tmp_path: Path) -> None:
    seen: list[bytes] = []

    def take(chunk: bytes) -> bool:
        seen.append(chunk)
        return len(seen) < 3

    assert not await fake_git(tmp_path, "yes; yes >&2").feed(take, "x")
    assert len(seen) == 3


def child_of(directory: Path) -> int:
    """The process id that the fake git wrote down, when it is there."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        text = (directory / "child").read_text() if (directory / "child").exists() else ""
        if text.endswith("\n"):
            return int(text)
        time.sleep(0.005)
    raise AssertionError("the fake git did not start")


def alive(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def gone(pid: int) -> bool:
    for _ in range(200):
        if not alive(pid):
            return True
        await asyncio.sleep(0.01)
    return False


@pytest.mark.parametrize("ending", ["wait", "exit 0"])
async def test_the_time_limit_ends_git_and_its_children(tmp_path: Path, ending: str) -> None:
    script = f"sleep 60 & echo $! > {tmp_path}/child; echo text; {ending}"
    git = fake_git(tmp_path, script, limits=Limits(seconds=0.3))
    with pytest.raises(GitFailed, match=r"git fetch of acme/web took over 0\.3 s") as caught:
        await git.output("fetch")
    assert caught.value.retry
    assert await gone(child_of(tmp_path))


async def test_cancelling_ends_git_and_its_children(tmp_path: Path) -> None:
    git = fake_git(tmp_path, f"sleep 60 & echo $! > {tmp_path}/child; wait")
    running = asyncio.create_task(git.output("fetch", stdin=b"x" * 5_000_000))
    child = await asyncio.to_thread(child_of, tmp_path)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await gone(child)


async def test_a_file_over_the_limit(tmp_path: Path) -> None:
    script = f"sleep 0.2; head -c 20000 /dev/zero > {tmp_path}/large"
    git = fake_git(tmp_path, script, limits=Limits(file_bytes=10_000))
    with pytest.raises(GitFailed, match="git fetch of acme/web needs a file over 10000 bytes") as caught:
        await git.output("fetch")
    assert not caught.value.retry


async def test_without_git(tmp_path: Path) -> None:
    git = replace(fake_git(tmp_path, ""), environment=git_environment(variables={"PATH": "/nonexistent"}))
    with pytest.raises(GitFailed, match="git cannot be started: No such file or directory"):
        await git.output("fetch")


Check = Callable[[], Awaitable[str]]


@pytest.fixture
def version_check(tmp_path: Path) -> Callable[[str], Check]:
    """Checks the version of a git that answers so."""

    def of(answer: str) -> Check:
        git = fake_git(tmp_path, f"echo '{answer}'")
        return lambda: check_git_version(git.environment)

    return of


@pytest.mark.parametrize("version", ["2.39.0", "2.39.5", "2.51.0.windows.1", "3.0.0", "10.1"])
async def test_a_git_that_is_new_enough(version_check: Callable[[str], Check], version: str) -> None:
    assert await version_check(f"git version {version} (Apple Git-1)")() == version


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("git version 2.38.9", r"git 2\.39 or newer must be installed: this one is 2\.38\.9"),
        ("git version 1.99.0", "this one is"),
        ("nonsense", "does not tell its version"),
        ("", "does not tell its version"),
    ],
)
async def test_a_git_that_is_too_old(version_check: Callable[[str], Check], answer: str, message: str) -> None:
    with pytest.raises(SettingsInvalid, match=message):
        await version_check(answer)()


async def test_a_git_that_is_not_there() -> None:
    with pytest.raises(SettingsInvalid, match=r"git 2\.39 or newer must be installed: git cannot be started"):
        await check_git_version(git_environment(variables={"PATH": "/nonexistent"}))


async def test_the_installed_git() -> None:
    assert await check_git_version()
