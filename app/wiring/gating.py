"""The gate job, put together from the parts that the review job holds and readers of its own."""

from __future__ import annotations

from dataclasses import replace

from app.adapters.github.approvals import ReviewReader
from app.adapters.github.graphql import GraphQL
from app.adapters.github.histories import HistoryReader
from app.adapters.github.labels import LabelWriter
from app.adapters.github.people import PeopleReader
from app.adapters.github.required_checks import RequiredCheckReader
from app.adapters.github.review_requests import ReviewRequestWriter
from app.adapters.store.heads import RedisHeads
from app.domain.messages.gate import GATE_CHECK
from app.ports import Fixes
from app.usecases.foreign.memory import ForeignChecks
from app.usecases.gate.escalating import Escalation
from app.usecases.gate.gathering import Gathering
from app.usecases.gate.run import GateRun
from app.usecases.review.run import ReviewRun
from app.wiring.reviewing import Clients


def gate_job(clients: Clients, review: ReviewRun, fixes: Fixes, *, app_id: int) -> GateRun:
    """It asks no model and reads the same mirrors."""
    client, heads = clients.github, RedisHeads(clients.redis, "gate:")
    people = PeopleReader(client)
    gathering = Gathering(ReviewReader(client), HistoryReader(GraphQL(client, now=clients.now)), people, fixes)
    publisher = review.publisher
    return GateRun(
        pull_requests=review.pull_requests,
        mirrors=review.mirrors,
        check_runs=replace(review.check_runs, heads=heads, name=GATE_CHECK, prefix="gate:"),
        gathering=gathering,
        escalation=Escalation(
            conversation=publisher.conversation,
            labels=LabelWriter(client, clients.writes),
            requests=ReviewRequestWriter(client, clients.writes),
            people=people,
            outbox=publisher.outbox,
            gathering=gathering,
            marker_key=publisher.marker_key,
        ),
        foreign=ForeignChecks(RedisHeads(clients.redis, "foreign:"), RequiredCheckReader(client), app_id),
        ceilings=review.ceilings,
        github_url=review.github_url,
    )
