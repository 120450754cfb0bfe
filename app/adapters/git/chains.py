"""The chain of first parents between two commits, and the tree that merging two commits gives."""

from __future__ import annotations

from dataclasses import replace

from app.adapters.git.process import Git, checked_sha
from app.adapters.git.quarantine import Quarantine, quarantined
from app.domain.errors import GitFailed
from app.domain.merge_group import Link
from app.domain.pull_request import Sha

_FORM = "--format=%H%x00%P%x00%T%x00%s"
_CONFLICT = 1
# Of all attributes these take precedence. Contents are merged line by line, which ours elsewhere forbid and a
# .gitattributes could make a merge that asks for nobody's decision.
_ATTRIBUTES = "* -text !eol -ident -filter -working-tree-encoding merge=text !diff\n"
_SECONDS = 30.0


async def read_chain(git: Git, old: Sha, new: Sha, *, most: int) -> tuple[Link, ...] | None:
    """From after `old` to `new`, oldest first; None when `old` is not found among the first `most` parents."""
    arguments = ("--first-parent", "--reverse", "-z", "--no-show-signature", "--encoding=UTF-8", _FORM)
    printed = await git.output(
        "log", *arguments, f"--max-count={most + 1:d}", checked_sha(new), f"^{checked_sha(old)}", "--"
    )
    fields = printed.decode("utf-8", "replace").split("\0")[:-1] if printed.endswith(b"\0") else []
    if printed and (not fields or len(fields) % 4):
        raise GitFailed(f"git log of {git.label} printed something unknown")
    links = tuple(_link(*fields[at : at + 4]) for at in range(0, len(fields), 4))
    firsts = [link.parents[:1] for link in links]
    expected = [(old,), *((link.sha,) for link in links[:-1])]
    return links if links and len(links) <= most and firsts == expected else None


async def read_merged_tree(git: Git, ours: Sha, theirs: Sha) -> Sha | None:
    """As `git merge` would make it, whatever attributes say; what it makes is thrown away.

    Exit status 1 says that there are conflicts (https://git-scm.com/docs/git-merge-tree); of a commit that is not here,
    too.
    """
    with quarantined(git) as quarantine:
        return await merge_in(quarantine, ours, theirs)


async def merge_in(quarantine: Quarantine, ours: Sha, theirs: Sha) -> Sha | None:
    """The same, with what it makes in a quarantine of the caller's, whose attributes are overruled from now on."""
    git = quarantine.git
    (git.git_dir / "info" / "attributes").write_text(_ATTRIBUTES, encoding="utf-8")
    limits = replace(git.limits, seconds=min(_SECONDS, git.limits.seconds))
    arguments = ("--write-tree", checked_sha(ours), checked_sha(theirs))
    printed = await replace(git, limits=limits).output("merge-tree", *arguments, accept=(0, _CONFLICT))
    lines = printed.decode("utf-8", "replace").split("\n")
    if not printed:
        raise GitFailed(f"{ours} or {theirs} is not a commit of {git.label}")
    # With conflicts, the files and words about them follow the tree.
    return checked_sha(lines[0]) if lines[1:] == [""] else None


def _link(sha: str, parents: str, tree: str, subject: str) -> Link:
    return Link(checked_sha(sha), tuple(map(checked_sha, parents.split())), checked_sha(tree), subject)
