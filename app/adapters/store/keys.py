"""The names of everything we keep in Redis, and how long."""

from __future__ import annotations

PREFIX = "revwright"

DEADLINES = f"{PREFIX}:deadlines"
"""Sorted set: row name -> time in ms by which somebody must have looked at it."""

DELIVERIES_SECONDS = 72 * 3600
"""GitHub redelivers for three days."""

OUTBOX_SECONDS = 90 * 24 * 3600
"""What we wrote on a pull request is remembered for 90 days after the last write there."""

SCANNED = f"{PREFIX}:recovery:scanned"
"""Time in ms up to which GitHub's log of deliveries was read; kept for as long as GitHub keeps the log."""

RECOVERY_TURN = f"{PREFIX}:recovery:turn"
"""Set by the worker whose turn it is to read the log, and gone when the turn is over."""

REPOSITORIES = f"{PREFIX}:repositories"
"""Sorted set: `<installation>:<repository>` -> time in ms when its open pull requests are to be compared next.

An accepted delivery adds its repository in the accept script, with `ZADD NX` and the time now + RECONCILE_MS, and
writes `repository()` below. `NX`, because a busy repository must not put its own comparison off for ever.
"""

RECONCILE_MS = 3600 * 1000
"""An hour from one comparison of a repository to the next."""


def repository(name: str) -> str:
    """A hash for each member of REPOSITORIES, under the same name, written by the accept script.

    `name`: `owner/name` as the newest accepted delivery had it (HSET). `since`: time in ms of the first accepted
    delivery (HSETNX). It is deleted together with the member.
    """
    return f"{PREFIX}:repository:{name}"


ISOLATIONS = f"{PREFIX}:sandboxes"
"""Set: names of the workers that told what isolates their sandboxes."""

ISOLATIONS_SECONDS = 24 * 3600
ISOLATION_SECONDS = 180
"""A worker tells every minute."""


def isolation(worker: str) -> str:
    """JSON: what one worker told of its sandboxes."""
    return f"{PREFIX}:sandbox:{worker}"


ANSWERS_SECONDS = 24 * 3600
"""A job that is not done after a day asks its model anew."""

SPENT_DAYS_SECONDS = 3 * 24 * 3600
"""What was spent on a day counts on that day only; it is kept a little longer for calls that end after midnight."""

PACE_MS = 1_000
"""At most one new review, comment or edit a second for each installation: GitHub Docs, "Best practices for using the
REST API".
"""


NOTES_SECONDS = 24 * 3600
"""What people asked for is done within a day or never."""


def row(name: str) -> str:
    return f"{PREFIX}:row:{name}"


def notes(row_name: str) -> str:
    """A hash: id of a note -> the head that we knew when it came, the time in ms, and its text, a line each."""
    return f"{PREFIX}:notes:{row_name}"


def delivery_id(id_: str) -> str:
    return f"{PREFIX}:seen:id:{id_}"


def delivery_body(digest: str) -> str:
    return f"{PREFIX}:seen:body:{digest}"


def head(name: str) -> str:
    return f"{PREFIX}:head:{name}"


def outbox(ref: str) -> str:
    return f"{PREFIX}:outbox:{ref}"


def fixes(ref: str) -> str:
    """What is remembered of the fixes of a pull request."""
    return f"{PREFIX}:fixes:{ref}"


def past_review(ref: str) -> str:
    """Signed: what the last review of a pull request came to. Kept as long as the outbox."""
    return f"{PREFIX}:past:{ref}"


RECEIPT_SECONDS = 90 * 24 * 3600
"""The receipt of a run is kept for 90 days, longer than its record."""


def receipt(run_id: str) -> str:
    """The signed receipt of a run, packed."""
    return f"{PREFIX}:receipt:{run_id}"


def held(installation_id: int) -> str:
    return f"{PREFIX}:held:{installation_id}"


RUN_SECONDS = 14 * 24 * 3600
"""The record of a run is kept for 14 days after the last write to it."""

RUNS = f"{PREFIX}:runs"
"""Sorted set: run id -> start of its first attempt, in seconds."""


def run(id_: str) -> str:
    return f"{PREFIX}:run:{id_}"


def run_timeline(id_: str) -> str:
    return f"{PREFIX}:run:{id_}:timeline"


def run_log(id_: str) -> str:
    return f"{PREFIX}:run:{id_}:log"


def run_transcript(id_: str) -> str:
    """A hash: number -> sealed entry; `next`: the next number; `text`: bytes of all texts; `stays`: which stays.

    Beside those of all runs, transcript.lua keeps which was written to when, and how many bytes each takes.
    """
    return f"{PREFIX}:run:{id_}:transcript"


def run_transcript_order(id_: str) -> str:
    """Sorted set: `<number>:<bytes of text>:<bytes>` -> the order in which entries go."""
    return f"{PREFIX}:run:{id_}:transcript:order"


def pace(installation_id: int) -> str:
    return f"{PREFIX}:pace:{installation_id}"


def answers(row_name: str) -> str:
    return f"{PREFIX}:answers:{row_name}"


def purse(ref: str) -> str:
    """A hash: what was spent on a pull request, and what is put aside for calls that are under way."""
    return f"{PREFIX}:purse:{ref}"


def spent_days(whose: str) -> str:
    """A hash for each installation and each `<installation>:<repository>`: day, counted from 1970 -> what was spent."""
    return f"{PREFIX}:spent:{whose}"
