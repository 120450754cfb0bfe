"""Calls of one run that wait for each other's money, and calls that are cancelled on the way."""

from __future__ import annotations

import asyncio
import gc

import pytest

from app.domain.errors import BudgetRefused, LedgerUnavailable
from app.domain.model import Completion, ModelCall, Usage
from tests.usecases.noted_purse import UNREPORTED, WORST, NotedPurse, metered, spent
from tests.usecases.scripted_model import ScriptedModel, answer, request, until_stuck


async def test_calls_of_the_same_run_wait_for_what_others_give_back() -> None:
    """Three fit at once by their worst case, and all nine by what they cost in truth."""
    inner = ScriptedModel({"main": [answer(Usage(1_000, 1_000, 1))]}, gate=asyncio.Event())
    model, purse = metered(inner, cap=3.5 * WORST)
    calls = [asyncio.create_task(model.complete(request())) for _ in range(9)]
    await until_stuck()
    assert len(inner.asked) == 3

    assert inner.gate is not None
    inner.gate.set()
    await asyncio.gather(*calls)

    assert len(inner.asked) == 9
    assert await spent(purse) == pytest.approx(9 * (1_000 * 1e-6 + 100e-6))
    assert model.refused == ""


async def test_who_waits_is_refused_when_nothing_comes_back() -> None:
    inner = ScriptedModel({"main": [answer(Usage(1_000, 0, 1_000))]}, gate=asyncio.Event())
    model, purse = metered(inner, cap=2.5 * WORST)
    calls = [asyncio.create_task(model.complete(request())) for _ in range(5)]
    await until_stuck()
    assert inner.gate is not None
    inner.gate.set()

    results = await asyncio.gather(*calls, return_exceptions=True)

    assert [type(result) for result in results] == [Completion] * 2 + [BudgetRefused] * 3
    assert await spent(purse) == pytest.approx(2 * WORST)


async def test_nobody_passes_by_who_waits() -> None:
    """Else small calls could keep a large one from its turn for ever."""
    inner = ScriptedModel({}, gate=asyncio.Event())
    model, _ = metered(inner, cap=1.5 * WORST)
    calls = [asyncio.create_task(model.complete(request(name))) for name in ("main", "main", "cheap")]
    await until_stuck()
    assert inner.names == ["main"]

    assert inner.gate is not None
    inner.gate.set()
    await asyncio.gather(*calls)
    assert inner.names == ["main", "main", "cheap"]


async def test_what_comes_back_while_a_refusal_is_on_its_way_is_not_missed() -> None:
    inner = ScriptedModel({}, gate=asyncio.Event())
    model, purse = metered(inner, cap=1.5 * WORST)
    first = asyncio.create_task(model.complete(request()))
    await until_stuck()
    purse.late = asyncio.Event()
    second = asyncio.create_task(model.complete(request()))
    await until_stuck()

    assert inner.gate is not None
    inner.gate.set()
    await first
    purse.late.set()

    assert isinstance(await second, Completion)


async def test_a_call_without_a_price_that_ends_wakes_nobody_for_good() -> None:
    inner = ScriptedModel({}, gate=asyncio.Event())
    model, _ = metered(inner, cap=1.5 * WORST)
    calls = [asyncio.create_task(model.complete(request(name))) for name in ("main", "main", "unlisted")]
    await until_stuck()
    assert inner.names == ["main", "unlisted"]

    calls[2].cancel()
    await until_stuck()
    assert inner.names == ["main", "unlisted"]
    assert inner.gate is not None
    inner.gate.set()
    results = await asyncio.gather(*calls, return_exceptions=True)

    assert [type(result) for result in results] == [Completion, Completion, asyncio.CancelledError]


async def test_a_cancelled_call_stays_spent_in_full_and_whoever_waits_goes_on() -> None:
    inner = ScriptedModel({}, gate=asyncio.Event())
    model, purse = metered(inner, cap=1.5 * WORST)
    first, second = (asyncio.create_task(model.complete(request())) for _ in range(2))
    await until_stuck()

    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    with pytest.raises(BudgetRefused):
        await second

    assert await spent(purse) == pytest.approx(WORST)
    assert purse.settled == []
    assert model.calls == [ModelCall("about main", "main", UNREPORTED, None, 0.0)]


async def test_whoever_waits_can_be_cancelled() -> None:
    inner = ScriptedModel({}, gate=asyncio.Event())
    model, _ = metered(inner, cap=1.5 * WORST)
    first, second, third = (asyncio.create_task(model.complete(request())) for _ in range(3))
    await until_stuck()

    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert inner.gate is not None
    inner.gate.set()

    assert [type(result) for result in await asyncio.gather(first, third)] == [Completion] * 2


async def test_an_answer_that_is_there_is_settled_even_when_the_call_is_cancelled_then() -> None:
    model, purse = metered(ScriptedModel(), NotedPurse(gate=asyncio.Event()))
    call = asyncio.create_task(model.complete(request()))
    await until_stuck()
    call.cancel()
    await until_stuck()
    assert purse.gate is not None
    purse.gate.set()

    with pytest.raises(asyncio.CancelledError):
        await call
    assert await spent(purse) == pytest.approx(0.02)


@pytest.mark.parametrize("again", [False, True])
async def test_a_cancelled_call_does_not_hang_on_a_purse_that_does(again: bool) -> None:
    purse = NotedPurse(gate=asyncio.Event())
    model, _ = metered(ScriptedModel(), purse)
    model.patience_seconds = 600.0 if again else 0.0
    call = asyncio.create_task(model.complete(request()))
    await until_stuck()
    call.cancel()
    await until_stuck()
    if again:
        call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(call, 30)
    await until_stuck()
    assert purse.settled == []
    assert await spent(purse) == pytest.approx(WORST)
    assert len(asyncio.all_tasks()) == 1


async def test_a_cancelled_call_is_cancelled_even_when_the_purse_fails_too(caplog: pytest.LogCaptureFixture) -> None:
    purse = NotedPurse(gate=asyncio.Event(), broken=LedgerUnavailable("away"))
    model, _ = metered(ScriptedModel(), purse)
    call = asyncio.create_task(model.complete(request()))
    await until_stuck()
    call.cancel()
    await until_stuck()
    assert purse.gate is not None
    purse.gate.set()

    with pytest.raises(asyncio.CancelledError):
        await call
    del call
    gc.collect()
    await until_stuck()
    assert caplog.text == ""


async def test_without_a_ledger_nobody_knows_what_may_be_spent() -> None:
    model, _ = metered(ScriptedModel(), NotedPurse(broken=LedgerUnavailable("away")))

    with pytest.raises(LedgerUnavailable):
        await model.complete(request())

    assert [call.model for call in model.calls] == ["main"]
