"""One call made of several attempts, inside one budget of time."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from app.adapters.llm.failures import Failure, Remedy
from app.adapters.llm.wire import UNREPORTED
from app.domain.model import Completion, ModelRequest, Usage

Attempt = Callable[[ModelRequest, float], Awaitable[Completion | Failure]]

_LONGEST_PAUSE_SECONDS = 20.0
_FIRST_BACKOFF_SECONDS = 0.5
_LAST_BACKOFF_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Pacing:
    """How time passes between attempts; tests bring their own."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.SystemRandom().random


async def persist(attempt: Attempt, request: ModelRequest, *, max_retries: int, pacing: Pacing) -> Completion:
    """Attempt until there is a completion, no retry helps, or the request's time is over.

    The usage of all attempts is summed: what was spent on an unusable answer was spent.
    """
    deadline = pacing.clock() + request.timeout_seconds
    spent = Usage.none()
    retries = 0
    try:
        async with asyncio.timeout(request.timeout_seconds):
            while True:
                outcome = await attempt(request, deadline - pacing.clock())
                spent += outcome.usage
                if isinstance(outcome, Completion):
                    return replace(outcome, usage=spent)
                seconds = pause(outcome, retries, jitter=pacing.jitter())
                if retries == max_retries or seconds is None or seconds >= deadline - pacing.clock():
                    break
                retries += 1
                await pacing.sleep(seconds)
    except TimeoutError:
        # The attempt was cut short: what it cost is not known.
        outcome, spent = Failure(f"No answer within {request.timeout_seconds:g} s"), spent + UNREPORTED
    # Raised outside of any handler: an SDK exception as context would carry the key into a traceback.
    raise outcome.error(spent)


def pause(failure: Failure, retries: int, *, jitter: float) -> float | None:
    """Seconds until the next attempt, or None when there should be none within this call.

    A server that asks for a long wait gets it: from the job's schedule, not from a call that blocks.
    """
    if failure.remedy is not Remedy.RETRY:
        return None
    backoff = min(_FIRST_BACKOFF_SECONDS * 2**retries, _LAST_BACKOFF_SECONDS) * (0.5 + jitter / 2)
    seconds = max(backoff, failure.after_seconds or 0.0)
    return seconds if seconds <= _LONGEST_PAUSE_SECONDS else None
