"""Another model answers when one does not; one that is down is left alone for a while; and it is told."""

from __future__ import annotations

import asyncio

import pytest

from app.domain.errors import ModelContextFull, ModelRejected, ModelUnavailable
from app.domain.model import Completion, ModelTry, Usage
from app.usecases.failover import Breaker, Failover, chains_of
from tests.usecases.scripted_model import Clock, Outcome, ScriptedModel, answer, request, until_stuck

CHAINS = chains_of(["main", "fast"], ("spare", "last"))


def down(reason: str = "503", *, after: float | None = None, usage: Usage | None = None) -> ModelUnavailable:
    return ModelUnavailable(reason, retry_after_seconds=after, usage=usage)


def no_such_model() -> ModelRejected:
    return ModelRejected("there is no such model", unknown_model=True)


def failover(clock: Clock | None = None, **outcomes: list[Outcome]) -> tuple[Failover, ScriptedModel]:
    model = ScriptedModel(outcomes)
    return Failover(model, CHAINS, Breaker(clock or Clock())), model


async def unanswered(over: Failover, model: str = "main") -> ModelUnavailable:
    with pytest.raises(ModelUnavailable) as caught:
        await over.complete(request(model))
    return caught.value


def test_a_chain_has_each_name_once_and_begins_with_the_one_that_is_wanted() -> None:
    assert chains_of(["a", "b"], ("b", "c")) == {"a": ("a", "b", "c"), "b": ("b", "c")}


async def test_the_first_that_answers_is_the_only_one_that_is_asked() -> None:
    over, model = failover()

    completion = await over.complete(request())

    assert model.names == ["main"]
    assert completion.model == "as-the-server-says"
    assert completion.tries == (ModelTry("main", Usage(1_000, 0, 100), 0.0),)


async def test_the_next_in_the_chain_answers_and_all_that_was_spent_is_told() -> None:
    clock = Clock()

    def late() -> Completion:
        clock.now += 7
        return answer()

    over, model = failover(clock, main=[down(usage=Usage(5, 0, 5))], spare=[down()], last=[late])

    completion = await over.complete(request())

    assert model.names == ["main", "spare", "last"]
    assert completion.tries == (
        ModelTry("main", Usage(5, 0, 5), 0.0),
        ModelTry("spare", Usage.none(), 0.0),
        ModelTry("last", Usage(1_000, 0, 100), 7.0),
    )


async def test_all_of_a_chain_share_the_time_of_the_request() -> None:
    clock = Clock()

    def slow() -> Completion:
        clock.now += model.asked[-1].timeout_seconds
        raise down("slow")

    over, model = failover(clock, main=[slow], spare=[slow], last=[slow])

    await unanswered(over)

    assert [round(asked.timeout_seconds, 3) for asked in model.asked] == [200.0, 66.667, 33.333]
    assert clock.now == pytest.approx(1_300.0)


async def test_the_last_one_is_asked_even_when_the_others_took_too_long() -> None:
    clock = Clock()

    def stuck() -> Completion:
        clock.now += 1_000
        raise down("stuck")

    over, model = failover(clock, main=[stuck])

    assert isinstance(await over.complete(request()), Completion)
    assert model.asked[1].timeout_seconds == 1.0


async def test_when_none_answers_each_is_named_with_its_reason_and_the_earliest_time() -> None:
    over, _ = failover(
        main=[down("it is limited", after=90, usage=Usage(1, 0, 1))],
        spare=[down("it is away", after=30)],
        last=[no_such_model()],
    )

    error = await unanswered(over)

    assert str(error) == "main: it is limited; spare: it is away; last: there is no such model"
    assert (error.retry_after_seconds, error.usage) == (30, Usage(1, 0, 1))
    assert [one.model for one in error.tries] == ["main", "spare", "last"]


async def test_a_model_that_states_no_time_may_be_asked_at_any_time() -> None:
    over, _ = failover(main=[down(after=90)], spare=[down()], last=[down(after=5)])

    assert (await unanswered(over)).retry_after_seconds is None


async def test_a_model_without_alternatives_fails_in_its_own_words() -> None:
    over, model = failover(other=[down("503", after=3)])

    error = await unanswered(over, "other")

    assert (str(error), error.retry_after_seconds, model.names) == ("503", 3, ["other"])
    assert model.asked[0].timeout_seconds == 300.0


async def test_a_name_that_nobody_knows_is_told_once_and_the_next_one_answers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    over, model = failover(main=[no_such_model()])

    for _ in range(5):
        await over.complete(request())

    assert model.names == ["main", "spare"] * 5
    assert over.unknown == {"main"}
    assert [record.message for record in caplog.records] == [
        "the endpoint does not know the model main: there is no such model"
    ]


async def test_when_no_name_is_known_a_person_must_change_a_setting() -> None:
    over, _ = failover(main=[no_such_model()], spare=[no_such_model()], last=[no_such_model()])

    with pytest.raises(ModelRejected, match="main: there is no such model; spare: ") as caught:
        await over.complete(request())
    assert caught.value.unknown_model
    assert [one.model for one in caught.value.tries] == ["main", "spare", "last"]


@pytest.mark.parametrize("error", [ModelRejected("400"), ModelContextFull("too long")])
async def test_what_is_refused_as_such_goes_to_no_other_model(error: ModelRejected | ModelContextFull) -> None:
    over, model = failover(main=[down(usage=Usage(5, 0, 5))], spare=[error])

    with pytest.raises(type(error)) as caught:
        await over.complete(request())

    assert caught.value is error
    assert model.names == ["main", "spare"]
    assert error.tries == (ModelTry("main", Usage(5, 0, 5), 0.0), ModelTry("spare", Usage.none(), 0.0))


async def test_after_three_failures_in_a_row_a_model_is_left_alone_for_a_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    over, model = failover(clock, main=[down("out of order")])
    for _ in range(3):
        await over.complete(request())
    model.asked.clear()

    await over.complete(request())
    clock.now += 59.9
    await over.complete(request())
    assert model.names == ["spare", "spare"]
    clock.now += 0.1
    await over.complete(request())
    assert model.names == ["spare", "spare", "main", "spare"]
    assert [record.message for record in caplog.records] == [
        "model main is not asked for 60 s: out of order",
        "model main is not asked for 120 s: out of order",
    ]


async def test_each_pause_is_twice_as_long_to_ten_minutes_at_most() -> None:
    clock = Clock()
    over, model = failover(clock, only=[down("out of order")])
    for _ in range(3):
        await unanswered(over, "only")
    pauses = []
    for _ in range(7):
        error = await unanswered(over, "only")
        assert "after several failures: out of order" in str(error)
        assert error.retry_after_seconds is not None
        pauses.append(error.retry_after_seconds)
        clock.now += error.retry_after_seconds
        await unanswered(over, "only")

    assert pauses == pytest.approx([60, 120, 240, 480, 600, 600, 600])
    assert len(model.asked) == 3 + 7


async def test_the_failure_that_begins_a_pause_says_how_long_it_is() -> None:
    over, _ = failover(only=[down()])

    waits = [(await unanswered(over, "only")).retry_after_seconds for _ in range(4)]

    assert waits == [None, None, 60.0, 60.0]


@pytest.mark.parametrize("heard", [answer(), ModelRejected("400"), ModelContextFull("too long"), no_such_model()])
async def test_any_word_of_the_server_ends_the_row_of_failures(heard: Outcome) -> None:
    over, model = failover(only=[down(), down(), heard, down(), down(), answer()])

    for _ in range(6):
        try:
            await over.complete(request("only"))
        except (ModelUnavailable, ModelRejected, ModelContextFull):
            continue

    assert len(model.asked) == 6


async def test_after_a_pause_one_call_tries_and_the_others_wait_for_what_it_finds() -> None:
    clock = Clock()
    over, model = failover(clock, only=[down(), down(), down(), answer()])
    for _ in range(3):
        await unanswered(over, "only")
    clock.now += 60
    model.gate = asyncio.Event()

    first = asyncio.create_task(over.complete(request("only")))
    await until_stuck()
    assert len(model.asked) == 4
    for _ in range(3):
        assert (await unanswered(over, "only")).retry_after_seconds == 60
    model.gate.set()
    await first
    await asyncio.gather(*(over.complete(request("only")) for _ in range(3)))

    assert len(model.asked) == 3 + 1 + 3


async def test_a_trial_that_is_broken_off_lets_another_call_try() -> None:
    clock = Clock()
    over, model = failover(clock, only=[down(), down(), down(), answer()])
    for _ in range(3):
        await unanswered(over, "only")
    clock.now += 60
    model.gate = asyncio.Event()
    first = asyncio.create_task(over.complete(request("only")))
    await until_stuck()
    assert len(model.asked) == 4

    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    model.gate.set()

    assert isinstance(await over.complete(request("only")), Completion)


async def test_a_cancelled_call_says_nothing_about_a_model() -> None:
    model = ScriptedModel({"only": [answer()]}, gate=asyncio.Event())
    over = Failover(model, {}, Breaker(Clock()))
    for _ in range(5):
        call = asyncio.create_task(over.complete(request("only")))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    assert over.breaker.wait_seconds("only") == 0
    assert len(model.asked) == 5


async def test_calls_that_fail_together_begin_one_pause_and_lengthen_it_not() -> None:
    clock = Clock()

    def failing() -> Completion:
        clock.now += 5
        raise down()

    model = ScriptedModel({"only": [failing]}, gate=asyncio.Event())
    over = Failover(model, {}, Breaker(clock))
    calls = [asyncio.create_task(over.complete(request("only"))) for _ in range(8)]
    await until_stuck()
    assert len(model.asked) == 8
    assert model.gate is not None
    model.gate.set()
    results = await asyncio.gather(*calls, return_exceptions=True)

    assert all(isinstance(result, ModelUnavailable) for result in results)
    assert over.breaker.wait_seconds("only") == 60 - 5 * 5


def test_a_trial_of_which_nobody_hears_again_is_followed_by_another() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(3):
        breaker.failed("only", "503")
    clock.now += 60
    assert breaker.wait_seconds("only") == 0
    assert breaker.wait_seconds("only") == 60
    clock.now += 60
    assert breaker.wait_seconds("only") == 0


def test_of_a_model_that_never_failed_there_is_nothing_to_say() -> None:
    assert Breaker(Clock()).pause("main") == (0.0, "")
