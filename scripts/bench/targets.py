"""The figures that the product means to reach, and whether this run reached them."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.bench import ack, busy, checkout, contenders, engine, files, fix, queue, real_ranges, review, sandbox
from scripts.bench.results import Results


@dataclass(frozen=True, slots=True)
class Target:
    section: str
    column: str
    measure: str
    limit: float
    at_least: bool = False

    @property
    def told(self) -> str:
        return f"at least {self.limit:g}" if self.at_least else f"{self.limit:g}"

    def reached(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


TARGETS = (
    Target(ack.NAME, contenders.PRODUCT, ack.CPU_TO_HMAC, 5.0),
    Target(ack.NAME, contenders.PRODUCT, ack.CPU_TO_DURABLE, 1.6),
    Target(ack.NAME, contenders.PRODUCT, ack.CPU_TO_PROBOT, 1.1),
    Target(ack.NAME, contenders.PRODUCT, ack.CPU_TO_PR_AGENT, 1 / 40),
    Target(ack.NAME, contenders.PRODUCT, ack.P99, 10.0),
    Target(ack.NAME, contenders.PRODUCT, ack.RSS, 80.0),
    Target(busy.NAME, contenders.PRODUCT, busy.GROWTH, 1.5),
    Target(busy.NAME, contenders.PRODUCT, busy.TO_DURABLE, 1.5),
    Target(queue.NAME, queue.WAITING, queue.LAST_TO_FIRST, 1.5),
    Target(review.NAME, review.OPENED, review.SECONDS, 1.0),
    Target(review.NAME, review.COLD, review.CALLS, 8),
    Target(review.NAME, review.PUSH, review.CALLS, 5),
    Target(review.NAME, review.PUSH_NEW, review.CALLS, 5),
    *(Target(engine.NAME, size, engine.SHARE, 60, at_least=True) for size in engine.FULL.sizes),
    *(Target(engine.NAME, size, engine.MOST, 1) for size in engine.FULL.sizes),
    *(Target(engine.NAME, size, engine.UNSENT, 0) for size in engine.FULL.sizes),
    *(Target(engine.NAME, size, engine.GITHUB, 8) for size in engine.FULL.sizes),
    Target(engine.NAME, real_ranges.TYPICAL, engine.UNCACHED, 11_000),
    Target(engine.NAME, real_ranges.LARGE, engine.FRESH_TO_RAW, 2.0),
    Target(engine.NAME, real_ranges.MEDIUM, engine.SECONDS, 1.0),
    Target(sandbox.NAME, sandbox.WATCHED, sandbox.TO_ALONE, 1.5),
    Target(sandbox.NAME, sandbox.WATCHED, sandbox.OVERHEAD, 15.0),
    Target(sandbox.NAME, sandbox.IN_CGROUP, sandbox.OVERHEAD, 15.0),
    Target(sandbox.NAME, sandbox.RUNNER, sandbox.OVERHEAD, 15.0),
    Target(files.NAME, files.column(20_000), files.FILL_TO_GIT, 1.5),
    Target(files.NAME, files.column(20_000), files.COLLECT_TO_HASH, 2.0),
    Target(files.NAME, files.column(20_000), files.REMOVE_TO_RM, 1.5),
    Target(checkout.NAME, checkout.WARM, checkout.SECONDS, 0.3),
    Target(fix.NAME, fix.ASKED, fix.FIRST, 2.0),
    Target(checkout.NAME, checkout.COLD, checkout.FROM_FIRST_BYTE, 2.0),
)


def verdicts(results: Results) -> list[list[str]]:
    """A table. The median counts; a target whose limit lies within the spread is called close."""
    rows = [["target", "measured", "at most", ""]]
    for target in TARGETS:
        section = results.section(target.section)
        if section is None:
            continue
        spread = section.spread(target.column, target.measure)
        name = f"{target.column}: {target.measure}"
        if spread is None:
            rows.append([name, "", target.told, "not measured"])
            continue
        close = target.reached(spread.low) != target.reached(spread.high)
        verdict = ("reached" if target.reached(spread.middle) else "missed") + (", but close" if close else "")
        rows.append([name, str(spread), target.told, verdict])
    return rows
