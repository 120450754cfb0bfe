"""The merge queue's job, put together from the parts of the jobs whose results it looks at."""

from __future__ import annotations

from dataclasses import replace

from app.adapters.store.heads import RedisHeads
from app.adapters.store.notes import RedisNotes
from app.usecases.check_runs import CheckRuns
from app.usecases.foreign.memory import ForeignChecks
from app.usecases.gate.run import GateRun
from app.usecases.merge_queue.composing import Composing
from app.usecases.merge_queue.run import GroupCheck, MergeQueueRun
from app.usecases.review.run import ReviewRun
from app.wiring.mirrors import TokenMirrors
from app.wiring.reviewing import Clients


def group_heads(clients: Clients) -> RedisHeads:
    """What GitHub asked about each group, by its head."""
    return RedisHeads(clients.redis, "queue:group:")


def merge_queue_job(clients: Clients, review: ReviewRun, gate: GateRun, mirrors: TokenMirrors) -> MergeQueueRun:
    def check(of: CheckRuns, name: str, foreign: ForeignChecks | None = None) -> GroupCheck:
        """The states of groups have a place of their own: a group is no pull request."""
        heads = RedisHeads(clients.redis, f"queue:{name}:")
        return GroupCheck(replace(of, heads=heads, prefix=f"queue:{name}:"), passes=of.heads, foreign=foreign)

    return MergeQueueRun(
        notes=RedisNotes(clients.redis),
        composing=Composing(review.publisher.pull_requests, mirrors, (review.check_runs.heads, gate.check_runs.heads)),
        checks=(check(review.check_runs, "review"), check(gate.check_runs, "gate", gate.foreign)),
        groups=group_heads(clients),
    )
