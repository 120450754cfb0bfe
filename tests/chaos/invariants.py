"""What must hold when all is quiet, whatever happened before: each broken promise as one line of text.

On GitHub, for every open pull request:

- the newest head has exactly one check run `revwright/review` of our App; it is completed, and its conclusion is what
  the planted bugs of that head demand;
- no check run of any head is left queued or in progress;
- there is exactly one summary comment, and it names the newest head;
- every bug that is still there has exactly one inline comment, a bug that was ever there at most one, and nothing else
  has any: no comment stands twice at a path and a line, and no finding's id is told twice;
- no review is posted for a head that the run could know to be stale. A run cannot know what happens between its last
  look and its write, and a lock across GitHub does not exist, so the strictest honest rule is about what came before
  that last look. A review for head h is a violation when a newer head
    1. was answered 202 by the web process before the model's last answer about h left (the run looks into the ledger
       after that answer), or
    2. was shown by GitHub before the run's own reading of the pull request arrived there, or (where a repository has
       one pull request only, so that it is known whose call it was) before git last asked GitHub for refs, or
    3. was answered 202 more than STALE_SECONDS before the review arrived: no pause, retry or queue may come between
       the last look and the write.

In the ledger: no row has a deadline or a lease. In the log of the stand-in: no call that GitHub's OpenAPI description
does not allow.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tests.chaos.pulls import Pull, written
from tests.chaos.stations import Exchange
from tests.fakes.github import CheckRun

CHECK = "revwright/review"
STALE_SECONDS = 3.0
_FINDING = re.compile(r"`(F[0-9a-f]{9})`")


def broken(pull: Pull, log: Sequence[Exchange], *, alone: bool) -> Iterator[str]:
    """`alone`: no other pull request is in its repository."""
    yield from _checks(pull)
    yield from _summary(pull)
    yield from _inline(pull)
    yield from _stale(pull, list(log), alone=alone)


def unfinished(pull: Pull, *, told: bool = True) -> Iterator[str]:
    """Why the pull request is not at rest yet. `told`: GitHub has sent the delivery of the newest head."""
    runs = _runs(pull)
    if told and not any(run.head_sha == pull.newest.sha for run in runs):
        yield "the newest head has no check run"
    for run in runs:
        if run.status != "completed":
            yield _told(pull, run)


def _runs(pull: Pull) -> list[CheckRun]:
    """Ours on the heads of this pull request, oldest first."""
    heads, app = {head.sha for head in pull.heads}, pull.repository.fake.app
    found = list(pull.repository.check_runs.values())
    return [run for run in found if run.app is app and run.name == CHECK and run.head_sha in heads]


def _told(pull: Pull, run: CheckRun) -> str:
    return f"check run {run.id} of head {pull.head_of(run.head_sha)} is {run.conclusion or run.status}: {run.title}"


def _checks(pull: Pull) -> Iterator[str]:
    yield from unfinished(pull)
    newest = [run for run in _runs(pull) if run.head_sha == pull.newest.sha]
    if len(newest) > 1:
        yield f"the newest head has {len(newest)} check runs: {'; '.join(_told(pull, run) for run in newest)}"
    wanted = "failure" if pull.newest.bugs else "success"
    for run in newest:
        if run.status == "completed" and run.conclusion != wanted:
            yield f"{_told(pull, run)}, and should be {wanted}"


def _summary(pull: Pull) -> Iterator[str]:
    if len(pull.shown.comments) != 1:
        yield f"{len(pull.shown.comments)} summary comments"
    for comment in pull.shown.comments:
        if f"`{pull.newest.sha[:12]}`" not in comment.body:
            yield f"a summary comment does not name the newest head: {comment.body[:100]!r}"


def _inline(pull: Pull) -> Iterator[str]:
    comments = [comment for comment in pull.shown.review_comments if comment.in_reply_to_id is None]
    places = Counter((comment.path, comment.original_line) for comment in comments)
    ids = Counter(id_ for comment in comments for id_ in _FINDING.findall(comment.body))
    for what, times in [*places.items(), *ids.items()]:
        if times > 1:
            yield f"{what} has {times} inline comments"
    commented = {comment.path for comment in comments}
    for number in pull.newest.bugs:
        if pull.path(number) not in commented:
            yield f"the bug in {pull.path(number)} has no inline comment"
    known = {pull.path(number) for head in pull.heads for number in head.bugs}
    for path in sorted(commented - known):
        yield f"an inline comment in {path}, where no bug is"


def _stale(pull: Pull, log: list[Exchange], *, alone: bool) -> Iterator[str]:
    for review in pull.calls(log, "POST", "/reviews"):
        head = pull.head_of(written(review))
        taken = min((one.taken for one in pull.heads[head + 1 :] if one.taken is not None), default=None)
        told = f"a review was posted for head {head}"
        if taken is not None:
            answers = _answers(pull, head, log, before=review.arrived)
            if not answers or answers[-1] > taken:
                yield f"{told}, though the delivery of a newer one was taken before the model had answered"
            if review.arrived - taken > STALE_SECONDS:
                yield f"{told}, {review.arrived - taken:.1f} s after the delivery of a newer one was taken"
        reads = [one for one in pull.calls(log, "GET", "") if one.arrived < review.arrived]
        if alone:
            reads += [one for one in log if one.at("connect git") and _before(pull, one, review)]
        newest = max((pull.head_at(one.arrived) for one in reads), default=0)
        if newest > head:
            yield f"{told}, though GitHub had shown head {newest} to the last look before"


def _before(pull: Pull, call: Exchange, review: Exchange) -> bool:
    return pull.concerns(call) and call.arrived < review.arrived


def _answers(pull: Pull, head: int, log: list[Exchange], *, before: float) -> list[float]:
    """When the model's answers about a head left."""
    asked = [one for one in log if one.at("ask the model") and pull.marker(head).encode() in one.body]
    return sorted(one.left for one in asked if one.left is not None and one.left < before)
