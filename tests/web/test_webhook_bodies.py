"""Bodies by the hundred: all of GitHub's own examples, mutated ones, and the same service on a real ledger."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from arq.connections import ArqRedis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.adapters.github.webhook_people import ACTIONS
from app.adapters.store.ledger import RedisLedger
from app.domain.jobs import JobKind
from tests.web.harness import Web, open_web, payload, signature


def corpus() -> list[tuple[str, dict[str, Any]]]:
    path = Path(__file__).parent.parent / "samples" / "octokit-webhooks-examples" / "index.json.gz"
    groups = json.loads(gzip.decompress(path.read_bytes()))
    return [(group["name"], example) for group in groups for example in group["examples"]]


async def test_every_example_payload_of_github_gets_a_2xx(web: Web) -> None:
    examples = corpus()
    assert len(examples) > 300
    for event, example in examples:
        answer = await web.post(example, event=event)
        assert answer.status_code == 202, (event, example.get("action"), answer.text)
        with_installation = example | {"installation": {"id": 11}}
        answer = await web.post(with_installation, event=event)
        assert answer.status_code == 202, (event, example.get("action"), answer.text)
    taken = {(row.kind, str(wanted.trigger)) for row, wanted in web.taken.rows}
    assert taken == {
        *((JobKind.REVIEW, trigger) for trigger in ("opened", "push", "ready_for_review")),
        (JobKind.GATE, "reviewed"),
        (JobKind.COMMAND, "command"),
        (JobKind.QUEUE, "merge queue"),
    }
    assert {row.kind for row in web.taken.also} == {JobKind.GATE}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A payload with some of its parts replaced, removed or cut off."""
    body = payload(changes={"base": {}})
    for _ in range(draw(st.integers(0, 3))):
        target: Any = body
        keys = draw(st.lists(st.sampled_from(["pull_request", "repository", "head", "owner"]), max_size=2))
        for key in keys:
            target = target[key] if isinstance(target, dict) and isinstance(target.get(key), dict) else target
        name = draw(st.sampled_from(["action", "sha", "id", "number", "full_name", "state", "head", "installation"]))
        if draw(st.booleans()):
            target[name] = draw(json_values)
        else:
            target.pop(name, None)
    raw = json.dumps(body).encode()
    cut = draw(st.integers(0, len(raw)) | st.just(len(raw)))
    return raw[:cut] + draw(st.binary(max_size=4) | st.just(b""))


header_values = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=80)


@given(
    body=mutated() | st.binary(max_size=60) | json_values.map(lambda v: json.dumps(v).encode()),
    event=st.sampled_from(["pull_request", "merge_group", "ping", "push", *ACTIONS]) | header_values,
    delivery=st.uuids().map(str) | header_values,
    signed=st.booleans(),
    forged=header_values,
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_mutated_bodies_and_headers_never_break_it(
    body: bytes, event: str, delivery: str, signed: bool, forged: str
) -> None:
    """Whatever is sent: unsigned is 401 without a trace, signed is 202, 400 or 415, and nothing is ever a 5xx."""
    async with open_web() as web:
        answer = await web.post(
            body,
            event=event,
            x_github_delivery=delivery,
            x_hub_signature_256=signature(body) if signed else forged,
        )
        if signed:
            assert answer.status_code in {202, 400}
            assert (answer.status_code == 202) or not web.taken.rows
        else:
            assert answer.status_code == 401
            assert web.taken.rows == []


async def test_the_same_service_on_a_real_ledger(redis: ArqRedis) -> None:
    async with open_web() as web:
        web.taken.accept = RedisLedger(redis).accept  # type: ignore[method-assign]
        answers = [(await web.post(payload())).json()["result"] for _ in range(3)]

    assert answers == ["queued", "duplicate", "duplicate"]
