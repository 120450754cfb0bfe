"""A model whose calls are paid for: the worst case is put aside before a call, its true cost is what remains spent."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from app.domain.errors import BudgetRefused, ModelFailed, ModelUnavailable
from app.domain.model import Completion, ModelCall, ModelRequest, ModelTry, Usage
from app.domain.money import MOST_USD, Caps, Reservation, refusal
from app.domain.prices import Price, cost_usd, most_usd
from app.domain.pull_request import PullRequestRef
from app.domain.report import Bill, ModelUse
from app.domain.runs import added
from app.ports import Model, Purse
from app.usecases.run_purse import RunPurse

_BYTES_PER_TOKEN = 3.5
"""Of source code, which has more tokens than prose of that length."""
_MOST_TOKENS = 100_000_000
_UNKNOWN = Usage(0, 0, 0, known=False)
_NOBODY = PullRequestRef(0, 0, 0)
_PATIENCE_SECONDS = 1.0


@dataclass(slots=True)
class MeteredModel:
    """Implements ports.Model for one run, and keeps account of it.

    Before a call the worst case is put aside: its input at 3.5 bytes a token and the full price, and as much output as
    it may have, by the dearest of the models that may answer. Afterwards it is settled with what the call truly cost;
    with the worst case where the provider does not say; with nothing where surely nothing was spent. A call that is
    cancelled keeps its worst case, since the provider may bill it. A model without a price spends nothing that could be
    counted: it is named in `unpriced`.

    It belongs between what remembers and what fails over: `Remembered(Metered(Failover(adapter)))`. A remembered answer
    costs nothing and is no call here. What fails over asks several models within one call, and tells each of them by
    the name in the price list (`tries`), which is what is recorded; the name that a server gives itself is not.
    """

    model: Model
    purse: Purse | None
    """None: the cap of the pull request holds for this run alone, in memory."""
    ref: PullRequestRef | None
    """None: as without a purse."""
    caps: Caps
    prices: Mapping[str, Price]
    clock: Callable[[], float] = time.monotonic
    chains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For the model of a request, all that may answer in its place."""
    patience_seconds: float = _PATIENCE_SECONDS
    """So long a cancelled call may still write down what it cost."""
    calls: list[ModelCall] = field(default_factory=list, init=False)
    refused: str = field(default="", init=False)
    """The cap that stood in the way of a call, in words; empty when none did."""
    _unpriced: set[str] = field(default_factory=set, init=False)
    _money: Purse = field(init=False)
    _open: int = field(default=0, init=False)
    _line: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _settled: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def __post_init__(self) -> None:
        self._money = RunPurse() if self.purse is None else self.purse

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Models whose calls no cap could hold back, because no price is configured."""
        return tuple(sorted(self._unpriced))

    def uses(self) -> tuple[ModelUse, ...]:
        """The calls so far, summed by model."""
        return added(ModelUse(call.model, 1, call.usage, call.usd) for call in self.calls)

    async def bill(self) -> Bill:
        """What the models cost over all runs of the pull request. Raises LedgerUnavailable."""
        spent = (await self._money.spent(self._ref)).pull_request
        return Bill(spent, self.caps.pull_request, self.refused, self.unpriced)

    async def complete(self, request: ModelRequest) -> Completion:
        """Raises BudgetRefused when a cap stands in the way, and LedgerUnavailable when nobody knows."""
        reservation = await self._reserve(request)
        begun = self.clock()
        try:
            completion = await self.model.complete(request)
        except ModelFailed as error:
            usage = error.usage if isinstance(error, ModelUnavailable) else Usage.none()
            await self._over(request, reservation, error.tries or self._alone(request, usage, begun))
            raise
        except asyncio.CancelledError:
            self._note(request, self._alone(request, _UNKNOWN, begun))
            raise
        else:
            await self._over(request, reservation, completion.tries or self._alone(request, completion.usage, begun))
            return completion
        finally:
            self._open -= reservation is not None
            self._settled.set()

    @property
    def _ref(self) -> PullRequestRef:
        return _NOBODY if self.ref is None else self.ref

    async def _reserve(self, request: ModelRequest) -> Reservation | None:
        """None for a call that costs nothing that could be counted.

        One after the other: who is refused while calls of this run are open waits for what they give back, since the
        worst case is far above the truth, and nobody passes by.
        """
        usd = self._most(request)
        if not usd:
            return None
        async with self._line:
            while True:
                self._settled.clear()
                answer = await self._money.reserve(self._ref, usd, self.caps)
                if isinstance(answer, Reservation):
                    self._open += 1
                    return answer
                if not self._open and not self._settled.is_set():
                    whose = "this review" if self.purse is None else answer.cap
                    self.refused = refusal(answer, usd, whose=whose)
                    raise BudgetRefused(self.refused, until=answer.until)
                await self._settled.wait()

    async def _over(self, request: ModelRequest, reservation: Reservation | None, tries: tuple[ModelTry, ...]) -> None:
        self._note(request, tries)
        if reservation is None:
            return
        cost = min(MOST_USD, sum(self._cost(request, one) for one in tries))
        settling = asyncio.ensure_future(self._money.settle(self._ref, reservation, cost))
        try:
            await asyncio.wait({settling})
        except asyncio.CancelledError:
            # The cost is known, which is worth a moment. If that is not enough, what was put aside stays spent.
            try:
                await asyncio.wait({settling}, timeout=self.patience_seconds)
            finally:
                settling.cancel()
            raise
        settling.result()

    def _note(self, request: ModelRequest, tries: tuple[ModelTry, ...]) -> None:
        for one in tries:
            usage = _believed(one.usage)
            usd = cost_usd(self.prices, one.model, usage)
            self.calls.append(ModelCall(request.label, one.model, usage, usd, one.seconds))
            if one.model not in self.prices:
                self._unpriced.add(one.model)

    def _alone(self, request: ModelRequest, usage: Usage, begun: float) -> tuple[ModelTry, ...]:
        return (ModelTry(request.model, usage, self.clock() - begun),)

    def _most(self, request: ModelRequest) -> float:
        """The worst case, by the dearest model that may answer; 0 when none of them has a price."""
        names = {request.model, *self.chains.get(request.model, ())}
        return max(self._most_of(request, name) for name in names)

    def _most_of(self, request: ModelRequest, name: str) -> float:
        price = self.prices.get(name)
        if price is None:
            return 0.0
        tokens = _size(request) / _BYTES_PER_TOKEN
        return min(MOST_USD, most_usd(price, input_tokens=tokens, output_tokens=request.max_output_tokens))

    def _cost(self, request: ModelRequest, one: ModelTry) -> float:
        """What one model cost; the worst case, and never less than what it did report, when it did not say all."""
        usage = _believed(one.usage)
        reported = cost_usd(self.prices, one.model, replace(usage, known=True)) or 0.0
        return reported if usage.known else max(reported, self._most_of(request, one.model))


def _size(request: ModelRequest) -> int:
    """Bytes of all that is sent and counts as input."""
    texts = [json.dumps(request.schema.json_schema)]
    for message in request.messages:
        texts.append(message.text)
        texts += [part for call in message.calls for part in (call.id, call.name, call.arguments)]
    for tool in request.tools:
        texts += (tool.name, tool.description, json.dumps(tool.parameters))
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


def _believed(usage: Usage) -> Usage:
    """The usage, unless its numbers cannot be true: what a server reports is foreign data."""
    return usage if max(usage.input_tokens, usage.output_tokens) <= _MOST_TOKENS else _UNKNOWN
