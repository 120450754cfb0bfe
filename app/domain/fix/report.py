"""What came of a fix, as a value: what changed, what ran before and after, what is left, what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.domain.fix.answer import FixAnswer, addressed
from app.domain.fix.verifying import Ran
from app.domain.patches import Refusal
from app.domain.pull_request import Sha


class Shown(StrEnum):
    """What running the new tests on the code without the fix showed."""

    FAILS_WITHOUT = "fails without the fix"
    FAILED_BEFORE = "checks that failed before pass now"
    PASSES_WITHOUT = "passes without the fix, so it shows nothing"
    NO_TEST = "no test was added or changed"
    NOT_RUN = "the new test could not be run on the code without the fix"
    NOT_COUNTED = "the checks end badly without the fix, and do not say which tests fail"


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file of the patch, with the lines that git counts as added and removed."""

    path: str
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class Checked:
    """The checks before and after, in the same order, and what comparing them told."""

    source: str
    """Where the commands were found."""
    before: tuple[Ran, ...]
    after: tuple[Ran, ...]
    told: tuple[str, ...]
    regression: Shown


@dataclass(frozen=True, slots=True)
class Fixed:
    """A patch that is fit to be delivered."""

    answer: FixAnswer
    files: tuple[ChangedFile, ...]
    checked: Checked
    expectations: tuple[str, ...] = ()
    """Expected values in tests that the patch changed, for people to look at."""
    extras: tuple[str, ...] = ()
    """What changed in the sandbox beside it, and was left there."""
    barred: tuple[Refusal, ...] = ()
    """What the model wanted to change, and no fix may."""
    findings: tuple[str, ...] = ()
    """Ids of the findings that the fix is for."""
    failing: tuple[str, ...] = ()
    """Names of the checks of others that it is for."""
    onto: Sha | None = None
    """The head that was verified in the end, where it is not the one that the patch was made on."""

    @property
    def addressed(self) -> tuple[str, ...]:
        """Ids of the findings that the commit names."""
        return addressed(self.answer, self.findings)


@dataclass(frozen=True, slots=True)
class Pushed:
    """Where the commit is: on the pull request's own branch, or on one of ours."""

    commit: Sha
    branch: str
    """Of a fork, with its owner and a colon before it."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What the models of a fix read, wrote and cost. `usd` is None where a price is not known."""

    tokens: int
    calls: int
    usd: float | None
