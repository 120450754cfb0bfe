"""Benchmark `engine`: real changes of three sizes, and what a review of each sends to its models."""

from __future__ import annotations

import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from app.adapters.store.embedded import open_embedded_server
from scripts.bench import accounts, colleague
from scripts.bench.real_ranges import LARGE, MEDIUM, SMALL, TYPICAL, RealRange, real_ranges
from scripts.bench.results import Section
from scripts.bench.review import calls_since, concluded, idle, working
from tests.fakes.github import FakeGitHub, PullRequest
from tests.fakes.model import FakeModel, Seen
from tests.fakes.model.tokens import count
from tests.world import MODEL_KEY, WEBHOOK_SECRET, World, open_world

NAME = "engine"
FILES, LINES, RAW = "files", "changed lines", "tokens of the raw diff"
CALLS = "model calls"
INPUT, CACHED, OUTPUT = "input tokens", "... cached, as the provider reports", "output tokens"
UNCACHED = "... not cached"
FRESH = "... fresh: no earlier call began so"
OF_TOOLS = "... fresh, of tools"
SHARE = "% of later calls' input that an earlier call began with"
TO_RAW = "input tokens / raw diff"
FRESH_TO_RAW = "fresh tokens without tools' / raw diff"
MOST = "times a line was sent in a tier, at most"
UNSENT = "changed lines in no prompt"
SECONDS = "s without model time"
GITHUB = "GitHub API calls"

_KB = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    rounds: int
    sizes: tuple[str, ...] = (TYPICAL, SMALL, MEDIUM, LARGE)


FULL, QUICK = Plan(5), Plan(2)


async def measure(plan: Plan) -> Section:
    """One deployment; each round opens a pull request of every size. The first of each size warms its mirror."""
    ranges = [one for one in real_ranges() if one.name in plan.sizes]
    values: dict[str, dict[str, list[float]]] = {one.name: defaultdict(list) for one in ranges}
    async with _open_world() as world, working(world):
        for one in ranges:
            world.repo.commit(f"base-{one.name}", one.base, parent="", message=f"As {one.of} began")
        for number in range(plan.rounds + 1):
            for one in ranges:
                observed = await _observe(world, one, number)
                for name, value in observed.items() if number else ():
                    values[one.name][name].append(value)
    told = "; ".join(f"{one.name}: {one.of}" for one in ranges)
    title = f"Engine: reviews of real changes by a model that looks things up, {plan.rounds} rounds"
    return Section(NAME, title, values, (told,))


async def _observe(world: World, one: RealRange, number: int) -> dict[str, float]:
    pull = _open(world, one, number)
    model = world.model
    assert model is not None
    model.reset()
    model.behaviour, model.api_key = colleague.answer, MODEL_KEY
    first_call, began = len(world.github.calls), time.monotonic()
    await world.deliver_new()
    run = await concluded(world, pull)
    seconds = time.monotonic() - began
    await idle(world)
    if "not reviewed" in (run.title or ""):
        raise RuntimeError(f"the {one.name} change was not reviewed: {run.conclusion}, {run.title}")
    diff = world.repo.store.run("diff", "--no-renames", "--no-color", pull.base_sha, pull.head_sha).decode()
    calls = calls_since(world, first_call)
    return {**figures(model.requests, diff), SECONDS: seconds - _busy(model.requests), GITHUB: calls}


def _open(world: World, one: RealRange, number: int) -> PullRequest:
    base, branch = f"base-{one.name}", f"{one.name}-{number}"
    world.repo.commit(branch, one.head, parent=world.repo.branches[base], message=f"Change {number}")
    return world.repo.open_pull_request(
        head=branch, base=base, title=f"Release {number}", body="Brings the package to its next release."
    )


def figures(requests: Sequence[Seen], diff: str) -> dict[str, float]:
    """What the requests of one review come to, beside the diff that git prints with its usual three lines around."""
    changed, raw, total = accounts.changed_lines(diff), count(diff), accounts.tokens(requests)
    of_tools, tiers = accounts.of_tools(requests), accounts.sent(requests)
    sent: Counter[accounts.Line] = Counter()
    for tier in tiers.values():
        sent |= tier.lines
    told: dict[str, float] = {
        FILES: diff.count("\ndiff --git ") + diff.startswith("diff --git "),
        LINES: changed.total(),
        RAW: raw,
        CALLS: total.calls,
        **{f"... {name}": calls for name, calls in accounts.by_pass(requests).items()},
        INPUT: total.input,
        CACHED: total.cached,
        UNCACHED: total.input - total.cached,
        FRESH: total.fresh,
        OF_TOOLS: of_tools,
        OUTPUT: total.output,
        SHARE: total.prefix_share,
        TO_RAW: total.input / raw,
        FRESH_TO_RAW: (total.fresh - of_tools) / raw,
        MOST: max((tier.most(changed) for tier in tiers.values()), default=0),
        UNSENT: (changed - sent).total(),
        **_kilobytes(tiers),
    }
    return {name: float(value) for name, value in told.items()}


def _kilobytes(tiers: Mapping[str, accounts.Sent]) -> dict[str, float]:
    """Of diff, in all and of the largest file, for each tier."""
    told: dict[str, float] = {}
    for name in ("light", "standard", "core"):
        sizes = tiers[name].bytes.values() if name in tiers else ()
        told[f"kB of diff sent in {name}"] = sum(sizes) / _KB
        told[f"... of its largest file ({name})"] = max(sizes, default=0) / _KB
    return told


def _busy(requests: Sequence[Seen]) -> float:
    """Seconds in which at least one request was with the model."""
    seconds, until = 0.0, 0.0
    for seen in sorted(requests, key=lambda one: one.started_at):
        ended = seen.ended_at or seen.started_at
        seconds += max(0.0, ended - max(seen.started_at, until))
        until = max(until, ended)
    return seconds


@asynccontextmanager
async def _open_world() -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rw-bench-")))
        model = FakeModel(colleague.answer, api_key=MODEL_KEY)
        stack.enter_context(model.serving())
        github = FakeGitHub(folder / "github", webhook_secret=WEBHOOK_SECRET)
        github.start()
        stack.callback(github.stop)
        redis = await stack.enter_async_context(open_embedded_server(folder))
        yield await stack.enter_async_context(open_world(github, redis.settings, folder / "data", model=model))
