"""A temporary repository for new objects: it borrows those of a store, and writes nothing into the store.

A draft that is refused, fails or is killed leaves nothing behind there. What is to stay moves over at the end, as one
pack that appears whole or not at all.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha1
from pathlib import Path

from app.adapters.git.environment import git_environment
from app.adapters.git.layout import write_bare
from app.adapters.git.process import Git, checked_sha
from app.domain.errors import GitFailed
from app.domain.pull_request import Sha

_LARGEST_FILE = 256 << 20
_FASTEST = 1
_OBJECT_COUNT = slice(8, 12)
"""Of a pack (https://git-scm.com/docs/gitformat-pack)."""


@dataclass(frozen=True, slots=True)
class Quarantine:
    """`git` reads the store's objects and writes its own; it has no ref, and each index is a file beside it."""

    git: Git
    store_objects: Path

    def write_blob(self, content: bytes) -> Sha:
        """A new blob, as a loose object (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects)."""
        data = b"blob %d\0%s" % (len(content), content)
        sha = sha1(data, usedforsecurity=False).hexdigest()
        path = self.git.git_dir / "objects" / sha[:2] / sha[2:]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(zlib.compress(data, _FASTEST))
        return Sha(sha)

    @contextlib.contextmanager
    def index(self) -> Iterator[Git]:
        """The same git with an index of its own, which is gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="index-", dir=self.git.git_dir) as directory:
            environment = {**self.git.environment, "GIT_INDEX_FILE": f"{directory}/index"}
            yield replace(self.git, environment=environment)

    async def release(self, new: Sha, *, base: Sha) -> None:
        """Move what `new` has beyond `base` into the store. It stays if it is there already."""
        old = checked_sha(base)
        wanted = f"{checked_sha(new)}\n^{old}\n^{old}^{{tree}}\n".encode("ascii")  # the latter for a tree alone
        pack = await self.git.output("pack-objects", "--revs", "--stdout", "--quiet", stdin=wanted)
        if pack[_OBJECT_COUNT] == bytes(4):
            return
        # Still from our own repository, so that the configuration of the store has no say.
        environment = git_environment(variables={"GIT_OBJECT_DIRECTORY": str(self.store_objects)})
        writing = replace(self.git, environment=environment)
        await writing.output("index-pack", "--stdin", "--strict", stdin=pack)


@contextlib.contextmanager
def quarantined(store: Git) -> Iterator[Quarantine]:
    """A quarantine before the object database that `store` reads."""
    objects = Path(store.environment.get("GIT_OBJECT_DIRECTORY", store.git_dir / "objects")).resolve()
    if "\n" in str(objects):
        raise GitFailed(f"the path of {store.label} has a line break, so its objects cannot be borrowed")
    directory = Path(tempfile.mkdtemp(prefix="revwright-"))
    try:
        write_bare(directory)
        (directory / "objects" / "info" / "alternates").write_bytes(os.fsencode(objects) + b"\n")
        if (store.git_dir / "shallow").is_file():
            shutil.copyfile(store.git_dir / "shallow", directory / "shallow")
        limits = replace(store.limits, file_bytes=_LARGEST_FILE)
        yield Quarantine(replace(store, git_dir=directory, environment=git_environment(), limits=limits), objects)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
