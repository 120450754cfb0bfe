"""What outlives a sandbox goes by age and size, the oldest first, and never while it is used or half made."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.adapters.sandbox.files.additions import BasePaths
from app.adapters.sandbox.files.environments import Environments
from app.adapters.sandbox.files.kept import KeptWorkspaces
from app.adapters.sandbox.files.shelf import Retention
from app.adapters.sandbox.files.workspaces import Claim, Workspaces
from app.adapters.sandbox.usage import Usage
from app.domain.errors import SandboxRefused, SandboxUnavailable
from tests.adapters.sandbox.runner.shelves import environments_in, kept_in

OWNERS = tuple(letter * 64 for letter in "abcd")
STATE = "e" * 64
KB = 1 << 10


@dataclass(slots=True)
class Bench:
    claim: Claim
    kept: KeptWorkspaces
    environments: Environments
    root: Path
    now: list[float] = field(default_factory=lambda: [1_000_000.0])

    def keep(self, owner: str, *, size: int = 0, state: str = STATE) -> None:
        workspace = self.claim.create()
        workspace.write("file", owner[:4].encode())
        assert self.kept.put(self.kept.begin(owner, state), workspace, git=False, usage=Usage(size, 1))

    def taken(self, owner: str, state: str = STATE) -> bytes | None:
        found = self.kept.take(self.kept.begin(owner, state))
        if found is None:
            return None
        content = found[0].read("file", max_bytes=9)
        assert found[0].remove() is None
        return content

    def save(self, key: str, size: int = 4) -> None:
        workspace = self.claim.create()
        workspace.write("base", b"x")
        workspace.write("made/file", bytes(size))
        try:
            self.environments.save(key, workspace, base("base"))
        finally:
            assert workspace.remove() is None

    def owners(self) -> list[str]:
        return sorted(entry.name[0] for entry in (self.root / "kept").iterdir())

    def keys(self) -> list[str]:
        return sorted(entry.name for entry in (self.root / "environments").iterdir() if entry.name != ".locks")


def base(*paths: str) -> BasePaths:
    found = BasePaths()
    for path in paths:
        found.add(path)
    return found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    now = [1_000_000.0]
    retention = Retention(seconds=100, bytes=100 * KB)
    root = tmp_path / "workspaces"
    with contextlib.ExitStack() as stack:
        claim = stack.enter_context(contextlib.closing(Workspaces(root).claim()))
        kept = stack.enter_context(kept_in(claim, retention, lambda: now[0]))
        environments = stack.enter_context(environments_in(claim, retention, lambda: now[0]))
        yield Bench(claim, kept, environments, root, now)
        assert list(claim.path.iterdir()) == [], "nothing is left in the part of the runner"


def test_an_environment_is_found_only_with_the_network_that_made_it(bench: Bench) -> None:
    key = OWNERS[0]
    bench.save(key)
    shelf = bench.environments._shelf
    with_one, with_two = (Environments(bench.claim, shelf, made_with=hosts) for hosts in ("a.example", "b.example"))
    assert [each.has(key) for each in (bench.environments, with_one, with_two)] == [True, False, False]
    bench.environments = with_one
    bench.save(key)
    assert [each.has(key) for each in (with_one, with_two)] == [True, False]
    assert len(bench.keys()) == 2


def test_what_is_too_old_goes(bench: Bench) -> None:
    bench.keep(OWNERS[0])
    bench.now[0] += 60
    bench.keep(OWNERS[1])
    bench.now[0] += 60
    assert bench.kept.clean() == ()
    assert bench.owners() == ["b"]


def test_what_is_too_much_goes_the_oldest_first(bench: Bench) -> None:
    for owner in OWNERS[:3]:
        bench.keep(owner, size=40 * KB)
        bench.now[0] += 1
    bench.kept.clean()
    assert bench.owners() == ["b", "c"]


def test_one_owner_has_one(bench: Bench) -> None:
    bench.keep(OWNERS[0])
    bench.keep(OWNERS[0], state="f" * 64)
    assert bench.owners() == ["a"]
    assert bench.taken(OWNERS[0]) is None
    assert bench.owners() == [], "asked for in another state, it is thrown away"


def test_what_is_taken_is_nobody_else_s(bench: Bench) -> None:
    bench.keep(OWNERS[0])
    bench.keep(OWNERS[1])
    assert bench.taken(OWNERS[0]) == b"aaaa"
    assert bench.taken(OWNERS[0]) is None
    assert bench.taken(OWNERS[1]) == b"bbbb"


def test_who_was_forgotten_meanwhile_keeps_nothing(bench: Bench) -> None:
    ticket, other = bench.kept.begin(OWNERS[0], STATE), bench.kept.begin(OWNERS[1], STATE)
    bench.kept.forget(OWNERS[0])
    workspaces = [bench.claim.create() for _ in range(2)]
    assert not bench.kept.put(ticket, workspaces[0], git=False, usage=Usage(0, 0))
    assert bench.kept.put(other, workspaces[1], git=False, usage=Usage(0, 0))
    assert workspaces[0].remove() is None
    bench.kept.end(ticket)
    bench.keep(OWNERS[0])
    assert bench.owners() == ["a", "b"]


@pytest.mark.parametrize("content", [None, "", "[]", "{"])
def test_an_entry_that_tells_nothing_is_none_and_goes(bench: Bench, content: str | None) -> None:
    bench.keep(OWNERS[0])
    bench.save("1" * 64)
    for told in (*(bench.root / "kept").glob("*/told.json"), *(bench.root / "environments").glob("*/told.json")):
        told.unlink() if content is None else told.write_text(content)
    assert bench.environments.use("1" * 64) is None
    bench.kept.clean()
    bench.environments.clean()
    assert (bench.owners(), bench.keys()) == ([], [])


def test_an_environment_is_not_cleaned_while_it_is_used_and_is_new_after_each_use(bench: Bench) -> None:
    bench.save("1" * 64)
    bench.save("2" * 64)
    used = bench.environments.use("1" * 64)
    assert used is not None
    bench.now[0] += 101
    bench.environments.clean()
    assert bench.keys() == ["1" * 64]
    assert used.read("made/file", max_bytes=9) == bytes(4)
    used.close()
    again = bench.environments.use("1" * 64)
    assert again is not None
    again.close()
    bench.environments.clean()
    assert bench.keys() == ["1" * 64], "its last use counts"
    bench.now[0] += 101
    bench.environments.clean()
    assert bench.keys() == []


def test_an_environment_that_would_never_fit_is_refused(bench: Bench) -> None:
    with pytest.raises(SandboxRefused, match="REVWRIGHT_ENVIRONMENTS_MB"):
        bench.save("1" * 64, size=101 * KB)
    assert bench.keys() == []


def test_only_one_prepares_a_key(bench: Bench) -> None:
    with bench.environments.preparing("1" * 64) as first, bench.environments.preparing("1" * 64) as second:
        assert (first, second) == (True, False)
        with bench.environments.preparing("2" * 64) as other:
            assert other
    with bench.environments.preparing("1" * 64) as again:
        assert again


def test_what_was_half_made_when_a_runner_died_is_swept_with_it(tmp_path: Path) -> None:
    root = tmp_path / "workspaces"
    claim = Workspaces(root).claim()
    with kept_in(claim), environments_in(claim) as environments:
        claim.draft().close()
        workspace = claim.create()
        workspace.write("made/file", b"x")
        workspace.close()
        assert len(list(claim.path.iterdir())) == 2
        assert environments.use("1" * 64) is None
    for fd in (claim._fd, claim._root):
        os.close(fd)
    assert Workspaces(root).sweep().parts == 1
    assert {entry.name for entry in root.iterdir()} == {"kept", "environments"}


def test_a_shelf_that_is_a_link_is_not_used(tmp_path: Path) -> None:
    root = tmp_path / "workspaces"
    with contextlib.closing(Workspaces(root).claim()) as claim:
        (root / "kept").symlink_to(tmp_path)
        with pytest.raises(SandboxUnavailable, match="cannot use"), kept_in(claim):
            pass
