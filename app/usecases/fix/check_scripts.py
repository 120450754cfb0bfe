"""What the commands that verify a fix run in their turn, some levels deep, read from the commit that is verified."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from app.domain.entries import Kind
from app.domain.fix.check_scripts import MANIFESTS, Mention, TreePaths, is_script, mentions, script_of
from app.domain.pull_request import Sha
from app.ports import Repository

_LEVELS, _MOST_FILES = 6, 300
_FILE_BYTES, _ALL_BYTES = 128 * 1024, 2 << 20


async def check_scripts(
    repository: Repository, commit: Sha, commands: Sequence[str], added: Iterable[str]
) -> Mapping[str, str]:
    """Paths of scripts that the commands run, each with what names it. `added` are paths that a fix adds to the commit.

    Raises GitFailed.
    """
    entries = await repository.tree(commit).entries()
    here = (entry.path for entry in entries if entry.kind is not Kind.SUBMODULE)
    tree = TreePaths(tuple(dict.fromkeys((*here, *added))))
    found: dict[str, str] = {}
    seen: set[Mention] = set()
    room = _ALL_BYTES
    texts = [(command, command) for command in commands]
    for _ in range(_LEVELS):
        named = {one: by for by, text in texts for one in sorted(mentions(text, tree)) if one not in seen}
        named = dict(list(named.items())[: max(_MOST_FILES - len(seen), 0)])
        seen.update(named)
        blobs = await repository.blobs(commit, tuple({one.path for one in named}), max_bytes=_FILE_BYTES)
        texts = []
        for one, by in named.items():
            blob = blobs.get(one.path)
            text = None if blob is None or blob.truncated else blob.text_bytes.decode("utf-8", "replace")
            if one.path in found or not (one.run or is_script(one.path, text)):
                continue
            found[one.path] = by
            if blob is not None and text is not None and (room := room - len(text)) > 0:
                texts.append((one.path, f". {text}" if blob.kind is Kind.SYMLINK else script_of(one.path, text)))
    return {path: by for path, by in found.items() if path.rpartition("/")[2] not in MANIFESTS}
