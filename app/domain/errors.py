"""Every error we raise on purpose, in one tree.

    RevwrightError
    ├── SettingsInvalid        the operator's settings are wrong; the process does not start
    ├── PolicyInvalid          a repository's policy file is wrong; checks end action_required
    ├── RuleInvalid            a review rule file is wrong; the process does not start
    ├── SessionInvalid         a file is no recorded review that this version can read or replay
    ├── EventMalformed         a signed delivery does not have the shape its event header promises
    ├── LedgerUnavailable      Redis cannot take or give the truth right now; come back
    ├── KeyUnavailable         the key that signs receipts, or the directory of keys, cannot be used
    ├── ReceiptNotFound        no receipt is kept of a run that a person named, or a file cannot be read
    ├── RunNotFound            no kept run, or more than one, is what a person named on the command line
    ├── TranscriptNotFound     no transcript is kept of a run that a person named, or it cannot be opened
    ├── GitHubError
    │   ├── RateLimited        GitHub, or our own pace, asks us to come back at a stated time
    │   ├── GitHubUnavailable  5xx, time-outs, broken connections after the retries
    │   ├── WriteUncertain     a write may or may not have been applied; look before repeating it
    │   └── GitHubRefused      4xx: permission, not found, validation; a retry does not help
    ├── GitFailed              a git command ended in an error, a time-out or over its size limit
    ├── PatchRefused           a patch touches what it may not, is too large or does not apply; it is refused as a whole
    ├── ModelFailed
    │   ├── ModelUnavailable   the model endpoint is down, slow, limited or talks garbage; come back
    │   ├── ModelRejected      the model endpoint refuses the request as such: key, model name, shape
    │   └── ModelContextFull   the request is longer than the model's context window: say it shorter
    ├── BudgetRefused          a cap on money does not allow another model call
    ├── ToolRefused            a tool does not do what the model asked of it; the text is the model's to read
    ├── SandboxRefused         a sandbox does not do what was asked: a path, a limit, or a host that cannot isolate
    │   └── SetupFailed        a project's setup command failed, so there is no environment
    └── SandboxUnavailable     the runner of sandboxes is gone or does not answer; come back

`retry` says whether the same job may succeed later without anyone's action.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.entries import display_path
from app.domain.model import ModelTry, Usage
from app.domain.patches import Refusal
from app.domain.sandbox import Ended, SetupReach

_TOLD = 5


class RevwrightError(Exception):
    """Base of all errors raised on purpose; its text is fit for an operator's log."""

    retry: bool = False


class SettingsInvalid(RevwrightError):
    """A setting is missing or wrong; the text names the setting and the remedy."""


@dataclass(frozen=True, slots=True)
class PolicyProblem:
    """One mistake in a policy file: where it is and what to write instead."""

    line: int
    column: int
    message: str


class PolicyInvalid(RevwrightError):
    """The repository's policy file cannot be used."""

    def __init__(self, path: str, problems: tuple[PolicyProblem, ...]) -> None:
        self.path = path
        self.problems = problems
        super().__init__("; ".join(f"{path}:{p.line}:{p.column}: {p.message}" for p in problems))


class RuleInvalid(RevwrightError):
    """A file of review_rules/ cannot be used; the text names the file."""


class SessionInvalid(RevwrightError):
    """A recorded review cannot be used; the text names the line, where it is one line's fault."""


class EventMalformed(RevwrightError):
    """A delivery lacks a field that its event always has."""


class LedgerUnavailable(RevwrightError):
    """Redis is absent, loading, full or read-only. `reason` says which, in words that anybody may read: no address."""

    retry = True

    def __init__(self, message: str, *, reason: str = "Redis cannot be reached") -> None:
        super().__init__(message)
        self.reason = reason


class KeyUnavailable(RevwrightError):
    """The text names the file or directory and what to do; it never repeats a key."""

    retry = True


class ReceiptNotFound(RevwrightError):
    """The text says what was looked for, and where."""


class RunNotFound(RevwrightError):
    """The text says what was looked for and what there is."""


class TranscriptNotFound(RevwrightError):
    """The text says whose, why, and what there is."""


class GitHubError(RevwrightError):
    """GitHub did not do what we asked."""


class Limit(StrEnum):
    """Which limit stands in the way, in words."""

    PRIMARY = "GitHub's primary rate limit"
    """Calls an hour."""
    RESERVE = "the reserve of GitHub's primary rate limit"
    """The last calls of the hour are kept for check runs; nothing was refused yet."""
    SECONDARY = "GitHub's secondary rate limit"
    """Too many calls or too much new content at once."""
    PACE = "our own pace of writing"
    """Too many writes of ours wait in line; GitHub was not asked."""


class RateLimited(GitHubError):
    """GitHub must not be called before `retry_at` (UTC). A POST that ends so was surely not applied.

    `installation_id` is whose limit it is, or None for the App's own. Calling on all the same may get the App banned.
    """

    retry = True

    def __init__(
        self, message: str, *, retry_at: datetime, limit: Limit = Limit.SECONDARY, installation_id: int | None = None
    ) -> None:
        super().__init__(message)
        self.retry_at = retry_at
        self.limit = limit
        self.installation_id = installation_id


class GitHubUnavailable(GitHubError):
    """GitHub is down, slow or answers 5xx. `retry_after_seconds` is the wait that GitHub asked for, if it did."""

    retry = True

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class WriteUncertain(GitHubUnavailable):
    """The connection broke, or a 5xx came, after a write was sent: it may have been applied."""


class GitHubRefused(GitHubError):
    """A 4xx answer. `status` is the HTTP status."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class GitFailed(RevwrightError):
    """A git command failed; the text carries the command's name and a redacted last line of its output."""

    def __init__(self, message: str, *, retry: bool = False, unauthorized: bool = False) -> None:
        super().__init__(message)
        self.retry = retry
        self.unauthorized = unauthorized
        """The server did not accept the token."""


class PatchRefused(RevwrightError):
    """A patch must not be used, not even in part. `refusals` has every path and reason; the text the first few."""

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        self.refusals = refusals
        told = [f"{display_path(one.path)!r} {one.reason}" if one.path else one.reason for one in refusals]
        more = f"; and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
        super().__init__(f"the patch is refused: {'; '.join(told[:_TOLD])}{more}")


class ModelFailed(RevwrightError):
    """A model was asked and did not answer."""

    tries: tuple[ModelTry, ...] = ()
    """When several models may have been asked: what each was used for, in order. Set by who asked them."""


class ModelUnavailable(ModelFailed):
    """No usable answer from the model endpoint for now; `usage` counts what was spent all the same."""

    retry = True

    def __init__(self, message: str, *, retry_after_seconds: float | None = None, usage: Usage | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        self.usage = usage if usage is not None else Usage.none()


class ModelRejected(ModelFailed):
    """The endpoint refuses the request (400, 401, 403, 404, 422): a person must change a setting.

    `unknown_model`: the endpoint has no model of that name, so that another one may well answer.
    """

    def __init__(self, message: str, *, unknown_model: bool = False) -> None:
        super().__init__(message)
        self.unknown_model = unknown_model


class ModelContextFull(ModelFailed):
    """The endpoint says that the request does not fit into the model's context window; nothing was spent."""


class BudgetRefused(RevwrightError):
    """A cap on money stands in the way of a model call. `until`: when the cap begins anew, or None for never."""

    def __init__(self, message: str, *, until: datetime | None = None) -> None:
        super().__init__(message)
        self.until = until


class ToolRefused(RevwrightError):
    """What a model asked a tool for is not to be had: outside of the tree, not a file, over a limit. It says which."""


class SandboxRefused(RevwrightError):
    """A sandbox does not do what was asked of it, and would not do it again: the text says what and why."""


class SetupFailed(SandboxRefused):
    """A command of a policy's `setup` did not succeed, so that there is no environment to work in.

    `command` is as the policy has it, `ended` how it ended, `output` the beginning and the end of what it printed,
    without control characters; it is data. `reach`: None where nobody knows.
    """

    def __init__(self, command: str, ended: Ended, output: str, reach: SetupReach | None = None) -> None:
        what = (
            f"was ended at the limit on {ended.limit.value}" if ended.limit is not None else f"ended with {_how(ended)}"
        )
        refused = "" if reach is None else "".join(f"; {words}" for words in reach.refused)
        super().__init__(f"the setup command {command!r} {what}{refused}")
        self.command = command
        self.ended = ended
        self.output = output
        self.reach = reach


def _how(ended: Ended) -> str:
    return f"signal {ended.signal}" if ended.status is None else f"exit status {ended.status}"


class SandboxUnavailable(RevwrightError):
    """The runner is not there, went away or is at its limit of sandboxes; the workspace, if there was one, is lost."""

    retry = True
