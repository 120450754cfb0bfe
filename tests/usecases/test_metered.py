"""Money for models: put aside before a call, settled after it, and never more than a cap allows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.domain.errors import BudgetRefused, ModelContextFull, ModelRejected, ModelUnavailable
from app.domain.model import (
    Message,
    ModelCall,
    ModelTry,
    Role,
    ToolCall,
    ToolSpec,
    Usage,
)
from app.domain.money import Cap, Caps, NotReserved, Reservation, Spent
from app.domain.report import Bill, ModelUse
from app.usecases.metered import MeteredModel
from app.usecases.run_purse import RunPurse
from tests.build import REF
from tests.usecases.noted_purse import PRICES, UNREPORTED, WORST, NotedPurse, metered, spent
from tests.usecases.scripted_model import Outcome, ScriptedModel, answer, request

MIDNIGHT = datetime(2026, 1, 2, tzinfo=UTC)


def scripted(**outcomes: list[Outcome]) -> ScriptedModel:
    return ScriptedModel(outcomes)


async def test_the_worst_case_is_put_aside_and_the_truth_is_settled() -> None:
    model, purse = metered(scripted(main=[answer(Usage(1_000, 800, 50))]))

    completion = await model.complete(request())

    assert completion.text == "{}"
    assert purse.reserved == [pytest.approx(WORST)]
    cost = 200 * 10e-6 + 800 * 1e-6 + 50 * 100e-6
    assert purse.settled == [pytest.approx(cost)]
    assert model.calls == [ModelCall("about main", "main", Usage(1_000, 800, 50), cost, 0.0)]


async def test_all_that_is_sent_counts_as_input() -> None:
    model, purse = metered(scripted())
    asked = request(text="ü" * 100 + "\ud800", output=0)
    called = Message(Role.ASSISTANT, "", (ToolCall("id", "grep", '{"a": 1}'),))
    more = replace(
        asked,
        messages=(*asked.messages, called),
        tools=(ToolSpec("grep", "finds text", {"type": "object"}),),
    )

    await model.complete(asked)
    await model.complete(more)

    schema = len('{"type": "object"}')
    first = schema + 200 + 3
    second = first + len('idgrep{"a": 1}') + len("grepfinds text") + schema
    assert purse.reserved == [pytest.approx(size / 3.5 * 10e-6) for size in (first, second)]


async def test_the_dearest_model_that_may_answer_sets_the_worst_case_and_the_one_that_did_sets_the_cost() -> None:
    tries = (ModelTry("main", Usage(10, 0, 0), 2.0), ModelTry("cheap", Usage(1_000, 0, 100), 3.0))
    inner = scripted(main=[replace(answer(), tries=tries)])
    model, purse = metered(inner, chains={"main": ("main", "dear", "cheap", "unlisted")})

    await model.complete(request())

    assert purse.reserved == [pytest.approx(2 * WORST)]
    assert purse.settled == [pytest.approx(10 * 10e-6 + 1_100e-6)]
    assert [(call.label, call.model, call.seconds) for call in model.calls] == [
        ("about main", "main", 2.0),
        ("about main", "cheap", 3.0),
    ]
    assert model.unpriced == ()


@pytest.mark.parametrize(
    ("usage", "cost"),
    [(UNREPORTED, WORST), (Usage(500, 0, 10, known=False), WORST), (Usage(90_000, 0, 0, known=False), 0.9)],
)
async def test_without_a_full_report_the_worst_case_stays_spent_and_never_less_than_was_reported(
    usage: Usage, cost: float
) -> None:
    model, purse = metered(scripted(main=[answer(usage)]))

    await model.complete(request())

    assert await spent(purse) == pytest.approx(cost)
    assert model.calls[0].usd is None


@pytest.mark.parametrize("usage", [Usage(10**400, 0, 1), Usage(1, 0, 10**400)])
async def test_numbers_that_cannot_be_true_are_no_report(usage: Usage) -> None:
    model, purse = metered(scripted(main=[answer(usage)]))

    await model.complete(request())

    assert await spent(purse) == pytest.approx(WORST)
    assert model.calls[0].usage == UNREPORTED


@pytest.mark.parametrize(
    ("error", "cost", "usd"),
    [
        (ModelUnavailable("503"), 0.0, 0.0),
        (ModelUnavailable("garbage", usage=Usage(100, 0, 10)), 0.002, 0.002),
        (ModelUnavailable("too slow", usage=UNREPORTED), WORST, None),
        (ModelRejected("400"), 0.0, 0.0),
        (ModelContextFull("too long"), 0.0, 0.0),
    ],
)
async def test_a_call_that_failed_costs_what_it_may_have_cost(error: Exception, cost: float, usd: float | None) -> None:
    model, purse = metered(scripted(main=[error]))

    with pytest.raises(type(error)) as caught:
        await model.complete(request())

    assert caught.value is error
    assert await spent(purse) == pytest.approx(cost)
    assert [call.usd for call in model.calls] == [pytest.approx(usd) if usd else usd]


async def test_a_failure_of_several_models_costs_what_each_of_them_cost() -> None:
    error = ModelContextFull("too long")
    error.tries = (ModelTry("main", UNREPORTED, 1.0), ModelTry("cheap", Usage.none(), 2.0))
    model, purse = metered(scripted(main=[error]), chains={"main": ("main", "cheap")})

    with pytest.raises(ModelContextFull):
        await model.complete(request())

    assert await spent(purse) == pytest.approx(WORST)
    assert [(call.model, call.usd) for call in model.calls] == [("main", None), ("cheap", 0.0)]


async def test_a_model_without_a_price_is_held_back_by_no_cap_and_named() -> None:
    inner = scripted(main=[replace(answer(), tries=(ModelTry("odd", Usage(9, 0, 9), 1.0),))])
    model, purse = metered(inner, cap=0.2, chains={"main": ("main", "odd")})

    for _ in range(3):
        await model.complete(request("unlisted"))
    await model.complete(request("main"))

    assert model.unpriced == ("odd", "unlisted")
    assert len(purse.reserved) == 1
    assert await spent(purse) == 0
    assert model.uses() == (
        ModelUse("odd", 1, Usage(9, 0, 9), None),
        ModelUse("unlisted", 3, Usage(3_000, 0, 300), None),
    )


async def test_a_model_that_costs_nothing_is_never_held_back() -> None:
    model, purse = metered(scripted(), cap=0.0)

    await model.complete(request("free"))

    assert (purse.reserved, model.unpriced) == ([], ())
    assert model.uses() == (ModelUse("free", 1, Usage(1_000, 0, 100), 0.0),)


async def test_uses_are_sums_by_model_and_an_unknown_part_makes_the_sum_unknown() -> None:
    model, _ = metered(scripted(main=[answer(), answer(UNREPORTED)]))
    for name in ("main", "cheap", "cheap", "main"):
        await model.complete(request(name))

    cheap, main = model.uses()
    assert (cheap.model, cheap.calls, cheap.usage) == ("cheap", 2, Usage(2_000, 0, 200))
    assert cheap.usd == pytest.approx(0.0022)
    assert main == ModelUse("main", 2, Usage(1_000, 0, 100, known=False), None)


async def test_what_no_cap_allows_is_refused_before_the_model_is_asked() -> None:
    inner = scripted(main=[answer(Usage(0, 0, 1_000))])
    model, _ = metered(inner, cap=0.2)
    await model.complete(request())

    with pytest.raises(BudgetRefused) as caught:
        await model.complete(request())

    words = "the cap of $0.20 for this pull request is reached ($0.10 spent, and one more call may cost $0.11)"
    assert (str(caught.value), caught.value.until) == (words, None)
    assert (model.refused, len(inner.asked), len(model.calls)) == (words, 1, 1)
    assert await model.bill() == Bill(0.1, 0.2, words, ())


async def test_a_cap_of_a_day_says_when_it_begins_anew() -> None:
    purse = NotedPurse(refuses=NotReserved(Cap.INSTALLATION, 4.95, 5.0, MIDNIGHT))
    model, _ = metered(scripted(), purse)

    with pytest.raises(BudgetRefused, match=r"the cap of \$5.00 for this installation today is reached") as caught:
        await model.complete(request())

    assert caught.value.until == MIDNIGHT


async def test_a_review_without_github_has_its_cap_in_memory() -> None:
    inner = scripted(main=[answer(Usage(0, 0, 1_000))])
    model = MeteredModel(inner, None, None, Caps(0.25), PRICES)
    for _ in range(2):
        await model.complete(request())

    with pytest.raises(BudgetRefused, match=r"the cap of \$0.25 for this review is reached \(\$0.20 spent"):
        await model.complete(request())

    assert len(inner.asked) == 2
    bill = await model.bill()
    assert (bill.spent, bill.cap) == (0.2, 0.25)


async def test_the_purse_in_memory_keeps_the_contract_of_the_other() -> None:
    purse = RunPurse()
    reservation = await purse.reserve(REF, 0.5, Caps(1.0))
    assert isinstance(reservation, Reservation)
    assert await purse.reserve(REF, 0.6, Caps(1.0)) == NotReserved(Cap.PULL_REQUEST, 0.5, 1.0, None)
    await purse.settle(REF, reservation, 0.1)
    await purse.settle(REF, reservation, 0.0)
    await purse.settle(REF, Reservation("other", 9.0), 0.0)
    left = await purse.reserve(REF, 0.6, Caps(1.0))
    assert isinstance(left, Reservation)
    await purse.settle(REF, left, None)

    assert await purse.spent(REF) == Spent(0.7, 0.7, 0.7)
