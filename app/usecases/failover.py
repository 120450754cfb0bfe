"""Other models in place of one that does not answer, and no questions to one that has not answered for a while."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from app.domain.errors import ModelContextFull, ModelRejected, ModelUnavailable
from app.domain.model import Completion, ModelRequest, ModelTry, Usage
from app.ports import Model

_log = logging.getLogger(__name__)

_FAILURES = 3
_FIRST_PAUSE_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 600.0
_SHARE = 2 / 3
_LEAST_SECONDS = 1.0


@dataclass(slots=True)
class _State:
    failures: int = 0
    pause_seconds: float = 0.0
    """0: it may be asked."""
    until: float = 0.0
    on_trial: bool = False
    reason: str = ""


@dataclass(slots=True)
class Breaker:
    """Which models are not to be asked for now, by name; one for all calls of a process.

    After 3 calls in a row without an answer a model is left alone for a minute. Then one call may try; each further
    failure doubles the pause, to ten minutes at most. Who was let through says how it went: `answered`, `failed` or
    `left`.
    """

    clock: Callable[[], float] = time.monotonic
    _states: dict[str, _State] = field(default_factory=dict, init=False)

    def wait_seconds(self, model: str) -> float:
        """0 lets the caller through. Of those who come when a pause is over, only the first one is."""
        state = self._states.get(model)
        if state is None or not state.pause_seconds:
            return 0.0
        now = self.clock()
        if now < state.until:
            return state.until - now
        state.on_trial, state.until = True, now + state.pause_seconds
        return 0.0

    def pause(self, model: str) -> tuple[float, str]:
        """The seconds that are left of the model's pause, 0 for none, and why it did not answer the last time."""
        state = self._states.get(model, _State())
        return max(0.0, state.until - self.clock()), state.reason

    def answered(self, model: str) -> None:
        """The model is there, whatever it said."""
        self._states.pop(model, None)

    def failed(self, model: str, reason: str) -> None:
        """The model did not answer. What began before a pause and fails within it makes the pause no longer."""
        state = self._states.setdefault(model, _State())
        state.reason = reason
        state.failures += 1
        if state.on_trial:
            pause = min(2 * state.pause_seconds, _LONGEST_PAUSE_SECONDS)
        elif not state.pause_seconds and state.failures >= _FAILURES:
            pause = _FIRST_PAUSE_SECONDS
        else:
            return
        state.on_trial, state.pause_seconds, state.until = False, pause, self.clock() + pause
        _log.warning("model %s is not asked for %.0f s: %s", model, pause, reason)

    def left(self, model: str) -> None:
        """The call was broken off from our side: another one may try."""
        state = self._states.get(model)
        if state is not None and state.on_trial:
            state.on_trial, state.until = False, self.clock()


def chains_of(models: Iterable[str], fallbacks: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """For each model the names to ask in order: itself, then the fallbacks."""
    return {model: tuple(dict.fromkeys((model, *fallbacks))) for model in models}


@dataclass(slots=True)
class Failover:
    """Implements ports.Model over one that asks for exactly the model of a request.

    It stands right at the adapter, below the bookkeeping: `Remembered(Metered(Failover(adapter)))`. The request that is
    remembered names the model that was wanted, so that an answer of a fallback is found again by the same request; what
    is metered is one call at the price of the dearest model that may answer, recorded by `tries` under the names that
    were really asked. A model that is not in `chains` has no alternative.

    All models of a chain together have the request's time: each at most two thirds of what is left, the last one all.
    """

    model: Model
    chains: Mapping[str, tuple[str, ...]]
    breaker: Breaker
    unknown: set[str] = field(default_factory=set, init=False)
    """Names that the endpoint does not know: a person must change a setting."""

    async def complete(self, request: ModelRequest) -> Completion:
        """Raises ModelUnavailable that names each model and why it did not answer, and says when the first of them may.

        A request that is refused (ModelRejected) or too long (ModelContextFull) is so for one model as for another;
        only a name that the endpoint does not know lets the next one answer.
        """
        chain = self.chains.get(request.model, ()) or (request.model,)
        ends = self.breaker.clock() + request.timeout_seconds
        tries: list[ModelTry] = []
        failures: dict[str, ModelUnavailable | ModelRejected] = {}
        for place, name in enumerate(chain, start=1):
            wait = self.breaker.wait_seconds(name)
            if wait:
                reason = self.breaker.pause(name)[1]
                failures[name] = ModelUnavailable(
                    f"not asked for another {wait:.0f} s, after several failures: {reason}"
                )
                continue
            left = ends - self.breaker.clock()
            seconds = max(_LEAST_SECONDS, left if place == len(chain) else left * _SHARE)
            outcome = await self._ask(replace(request, model=name, timeout_seconds=seconds), tries)
            if isinstance(outcome, Completion):
                return replace(outcome, tries=tuple(tries))
            failures[name] = outcome
        raise self._none_answered(failures, tuple(tries))

    async def _ask(self, request: ModelRequest, tries: list[ModelTry]) -> Completion | ModelUnavailable | ModelRejected:
        """The answer, or the failure after which the next model is asked. Adds to `tries` what it came to."""
        name, begun = request.model, self.breaker.clock()

        def note(usage: Usage) -> None:
            tries.append(ModelTry(name, usage, self.breaker.clock() - begun))

        try:
            completion = await self.model.complete(request)
        except ModelUnavailable as error:
            self.breaker.failed(name, str(error))
            note(error.usage)
            return error
        except (ModelRejected, ModelContextFull) as error:
            self.breaker.answered(name)
            note(Usage.none())
            if isinstance(error, ModelRejected) and error.unknown_model:
                self._tell(name, error)
                return error
            error.tries = tuple(tries)
            raise
        except asyncio.CancelledError:
            self.breaker.left(name)
            raise
        self.breaker.answered(name)
        note(completion.usage)
        return completion

    def _tell(self, name: str, error: ModelRejected) -> None:
        if name not in self.unknown:
            self.unknown.add(name)
            _log.warning("the endpoint does not know the model %s: %s", name, error)

    def _none_answered(
        self, failures: Mapping[str, ModelUnavailable | ModelRejected], tries: tuple[ModelTry, ...]
    ) -> ModelUnavailable | ModelRejected:
        several = len(failures) > 1
        said = "; ".join(f"{name}: {error}" if several else str(error) for name, error in failures.items())
        down = {name: error for name, error in failures.items() if isinstance(error, ModelUnavailable)}
        failed: ModelUnavailable | ModelRejected
        if down:
            waits = [max(e.retry_after_seconds or 0.0, self.breaker.pause(name)[0]) for name, e in down.items()]
            usage = sum((one.usage for one in tries), Usage.none())
            failed = ModelUnavailable(said, retry_after_seconds=min(waits) or None, usage=usage)
        else:
            failed = ModelRejected(said, unknown_model=True)
        failed.tries = tries
        return failed
