"""Names of branches, and the branch that the head of a pull request is on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.domain.pull_request import RepositoryName, Sha

MAX_BRANCH_BYTES = 255
"""As GitHub has it."""

_NEVER = re.compile(r"[\x00-\x20\x7f~^:?*\[\\\ud800-\udfff]")


def problem_with_branch(name: str) -> str | None:
    """Why `refs/heads/<name>` is not pushed to, in words that follow "the name of the branch"; None when it may be.

    The rules are those of https://git-scm.com/docs/git-check-ref-format, with `--branch`. A name may still have quotes,
    dollars and angle brackets: it is one argument of a list, and is escaped wherever it is shown.
    """
    if name in {"", "@", "HEAD"}:
        return "is none"
    if name.startswith("-"):
        return "begins like an option"
    if _NEVER.search(name):
        return "has a character that git does not allow"
    if len(name.encode()) > MAX_BRANCH_BYTES:
        return f"is longer than {MAX_BRANCH_BYTES} bytes"
    if ".." in name or "@{" in name:
        return "would mean a range or an earlier state"
    for part in name.split("/"):
        if part == "":
            return "has an empty part"
        if part.startswith(".") or part.endswith(".lock"):
            return "has a part that begins with a dot or ends in .lock"
    return "ends in a dot" if name.endswith(".") else None


@dataclass(frozen=True, slots=True)
class HeadBranch:
    """Where the head of a pull request is, and what GitHub says of pushing there."""

    repository: RepositoryName
    repository_id: int
    name: str
    fork: bool
    """Another repository than the base's, whatever GitHub calls it."""
    may_modify: bool
    """The branch is in the base repository, or its owner lets the base's maintainers edit it."""
    protected: bool
    """As GitHub marks it. A push may be refused all the same, by a rule set for instance."""
    default: bool
    """The default branch of its repository."""
    base_of: int | None = None
    """An open pull request that is based on it: what is pushed here changes that one, too. Of forks it is not asked."""
    at: Sha | None = None
    """The commit that it is at; None where GitHub does not say."""
