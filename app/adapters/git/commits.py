"""Writing one commit object, and reading it back to see that it says what it was asked to say."""

from __future__ import annotations

from dataclasses import replace

from app.adapters.git.process import Git, checked_sha
from app.domain.commits import CommitText
from app.domain.errors import GitFailed
from app.domain.pull_request import Sha


async def write_commit(git: Git, tree: Sha, *, parent: Sha, text: CommitText) -> Sha:
    """A commit of `tree` on top of `parent`, with nothing of the configuration's or the environment's in it."""
    when = f"{text.seconds} +0000"
    variables = {
        "GIT_AUTHOR_NAME": text.author.name,
        "GIT_AUTHOR_EMAIL": text.author.email,
        "GIT_AUTHOR_DATE": f"@{when}",
        "GIT_COMMITTER_NAME": text.committer.name,
        "GIT_COMMITTER_EMAIL": text.committer.email,
        "GIT_COMMITTER_DATE": f"@{when}",
    }
    writing = replace(git, environment={**git.environment, **variables})
    arguments = ("-p", checked_sha(parent), "-F", "-", checked_sha(tree))
    printed = await writing.output("commit-tree", *arguments, stdin=text.message.encode())
    commit = checked_sha(printed.decode("ascii", "replace").strip())
    wanted = (
        f"tree {tree}\nparent {parent}\nauthor {text.author} {when}\ncommitter {text.committer} {when}\n"
        f"\n{text.message}"
    )
    if await git.output("cat-file", "commit", commit) != wanted.encode():
        raise GitFailed(f"git commit-tree of {git.label} wrote another commit than it was asked for")
    return commit
