"""Names that strangers choose are never options and never reach a shell: every command line of git is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.adapters.git import environment
from app.adapters.git.local import open_local
from app.adapters.git.objects import GitRepository
from app.domain.commits import CommitText, Person
from app.domain.entries import Kind
from app.domain.errors import GitFailed
from app.domain.patches import Edit, Patch
from app.domain.pull_request import RepositoryName, Sha
from tests.adapters.git.http_server import TOKEN
from tests.adapters.git.site import REF, Site, failed
from tests.adapters.git.stores import Store

SHELL = '";touch it-ran|sh;"`touch it-ran`$(touch it-ran)'
PATHS = ("-rf", "--config=evil.toml", "--output=x", "a b", "a\nb", "$(touch it-ran).py", SHELL, "--", "--upload-pack=x")
REFS = ("--upload-pack=touch it-ran", "-x", "--output=x", "feature/--exec=id", "-h", SHELL)


class Recorded:
    """The command lines of git, taken down by a script that stands before it in PATH."""

    def __init__(self, directory: Path) -> None:
        self._log = directory / "log"
        self._log.touch()
        script = directory / "git"
        script.write_text(
            f"#!/bin/sh\n{{ printf '%s\\0' \"$@\"; printf '\\001\\0'; }} >> '{self._log}'\nexec /usr/bin/git \"$@\"\n"
        )
        script.chmod(0o755)

    @property
    def commands(self) -> Iterator[list[str]]:
        for line in self._log.read_text(errors="surrogateescape").split("\1\0")[:-1]:
            yield line.split("\0")[:-1]

    def before_the_end_of_options(self) -> set[str]:
        """Every argument that git might take for an option."""
        seen = set()
        for command in self.commands:
            ends = [command.index(word) for word in ("--", "--end-of-options") if word in command]
            seen.update(command[: min(ends, default=len(command))])
        return seen


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setitem(environment._VARIABLES, "PATH", f"{directory}:/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)
    return Recorded(directory)


def check(recorded: Recorded, names: tuple[str, ...], directory: Path) -> None:
    assert recorded.before_the_end_of_options().isdisjoint(names)
    assert not any("it-ran" in argument for argument in recorded.before_the_end_of_options())
    assert not list(directory.rglob("it-ran"))
    assert not Path("/it-ran").exists()


async def use(repository: GitRepository, base: Sha, head: Sha) -> None:
    await repository.changes(base, head)
    blobs = await repository.blobs(head, PATHS, max_bytes=100)
    assert {path: blob.text_bytes.decode() for path, blob in blobs.items()} == {path: path for path in PATHS}
    tree = repository.tree(head)
    entries = [entry for entry in await tree.entries() if entry.kind is not Kind.SUBMODULE]
    assert sorted([chunk.data.decode() async for chunk in tree.contents(entries)]) == sorted(PATHS)


async def draft(repository: GitRepository, base: Sha) -> None:
    author = Person("-a $(touch it-ran)", "--author=x`touch it-ran`")
    text = CommitText(author=author, committer=author, at=datetime.now(UTC), message=f"--amend {SHELL}\n")
    edits = tuple(Edit(path, b"") for path in PATHS if "\n" not in path)
    quoted = SHELL.replace('"', '\\"')
    new = f'"b/{quoted}"'
    diff = f'diff --git "a/{quoted}" {new}\nnew file mode 100644\n--- /dev/null\n+++ {new}\n@@ -0,0 +1 @@\n+x\n'
    with repository.drafts() as drafts:
        drafted = await drafts.tree(Patch(base, edits))
        assert {entry.path for entry in drafted.changed} == {edit.path for edit in edits}
        await drafts.release(await drafts.commit(drafted, text), base=base)
        assert [entry.path for entry in (await drafts.tree_of_diff(base, diff.encode())).changed] == [SHELL]


async def test_paths_of_files(store: Store, recorded: Recorded, tmp_path: Path) -> None:
    base = store.commit({})
    head = store.commit({path: path.encode() for path in PATHS}, base)
    repository = await open_local(store.git_dir)
    await use(repository, base, head)
    await draft(repository, base)
    assert len(list(recorded.commands)) > 10
    check(recorded, PATHS, tmp_path)


@pytest.mark.parametrize("name", REFS)
async def test_names_of_branches(store: Store, recorded: Recorded, tmp_path: Path, name: str) -> None:
    repository = await open_local(store.git_dir)
    head = store.commit({})
    for call in (repository.resolve(name), repository.make_branch(name, head)):
        await failed(call)
    with pytest.raises(GitFailed):
        await repository.make_branch(f"refs/heads/revwright/{name}x ", head)
    check(recorded, REFS, tmp_path)


async def test_names_on_the_server(site: Site, recorded: Recorded, tmp_path: Path) -> None:
    for name in REFS:
        if " " not in name:
            site.store.point(f"refs/heads/{name}", site.base)
        await site.failure(name)
        await site.failure(base=name)
        await failed(site.mirrors.pull_request_head(REF, RepositoryName(name, name), token=TOKEN))
    head = site.store.commit({path: path.encode() for path in PATHS}, site.base)
    await use(await site.fetch(head), site.base, head)
    check(recorded, (*REFS, *PATHS), tmp_path)
