"""Which of some commits a later one says it reverts, by the line that `git revert` writes."""

from __future__ import annotations

from collections.abc import Collection

from app.adapters.git.process import Git, checked_sha
from app.domain.pull_request import Sha

MOST_COMMITS = 1_000
"""Of so many commits of a pull request, the newest ones, the messages are looked at."""

_SAYS = "This reverts commit "
"""Source: git's `sequencer.c`, which writes the full id after it, for a merge with the parent that it goes back to.
GitHub's button `Revert` writes the same.
"""


async def read_reverted(git: Git, commits: Collection[Sha], *, base: Sha, head: Sha) -> Sha | None:
    """The first of the commits that one of `base..head` reverts, itself or a merge that brought it; None when none is.

    git looks for the words and prints ids alone, so that no message is too long.
    """
    walk = (f"--max-count={MOST_COMMITS}", checked_sha(head), f"^{checked_sha(base)}", "--")
    printed = (await git.output("rev-list", "--parents", *walk)).decode("ascii", "replace")
    found = [line.split() for line in printed.splitlines()]
    walked = "".join(f"{commit}\n" for commit, *_ in found).encode()
    for wanted in commits if found else ():
        names = [checked_sha(wanted), *(commit for commit, *parents in found if wanted in parents[1:])]
        said = (f"--grep={_SAYS}{name}" for name in names)
        if await git.output("rev-list", "--no-walk", "--fixed-strings", *said, "--stdin", stdin=walked):
            return wanted
    return None
