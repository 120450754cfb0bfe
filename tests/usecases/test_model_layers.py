"""What a review asks, through all layers: remembered, metered, failed over."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from app.domain.errors import BudgetRefused, ModelUnavailable
from app.domain.jobs import RowKey
from app.domain.model import Completion, Usage
from app.usecases.failover import Breaker, Failover, chains_of
from app.usecases.review.remembered import RememberedModel
from tests.build import KEY
from tests.usecases.noted_purse import UNREPORTED, WORST, NotedPurse, metered, spent
from tests.usecases.scripted_model import Clock, ScriptedModel, answer, request

CHAINS = chains_of(["main"], ("cheap",))


@dataclass
class KeptAnswers:
    """Implements ports.Answers in memory."""

    kept: dict[tuple[RowKey, str], Completion] = field(default_factory=dict)

    async def recall(self, row: RowKey, request: str) -> Completion | None:
        return self.kept.get((row, request))

    async def keep(self, row: RowKey, request: str, completion: Completion) -> None:
        self.kept[row, request] = completion

    async def forget(self, row: RowKey) -> None:
        self.kept.clear()


def layers(inner: ScriptedModel, purse: NotedPurse, answers: KeptAnswers) -> RememberedModel:
    """As one attempt has them; the purse and the answers outlive it."""
    paid, _ = metered(inner, purse, cap=1.5 * WORST, chains=CHAINS)
    paid.model = Failover(inner, CHAINS, Breaker(Clock()))
    return RememberedModel(paid, answers, KEY, paid.prices)


async def test_an_answer_of_a_fallback_is_paid_at_its_price_and_never_again() -> None:
    inner = ScriptedModel({"main": [ModelUnavailable("503")], "cheap": [answer(Usage(1_000, 0, 100))]})
    purse, answers = NotedPurse(), KeptAnswers()

    first = await layers(inner, purse, answers).complete(request())
    again = await layers(inner, purse, answers).complete(request())

    assert inner.names == ["main", "cheap"]
    assert first == again
    assert await spent(purse) == pytest.approx(1_100e-6)


async def test_an_outage_that_may_have_been_billed_counts_against_the_next_attempt() -> None:
    slow = ModelUnavailable("no answer in time", usage=UNREPORTED)
    inner = ScriptedModel({"main": [slow], "cheap": [ModelUnavailable("503")]})
    purse, answers = NotedPurse(), KeptAnswers()
    with pytest.raises(ModelUnavailable, match="main: no answer in time; cheap: 503"):
        await layers(inner, purse, answers).complete(request())

    with pytest.raises(BudgetRefused, match="for this pull request is reached"):
        await layers(inner, purse, answers).complete(request())

    assert inner.names == ["main", "cheap"]
