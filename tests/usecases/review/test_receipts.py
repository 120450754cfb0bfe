"""One receipt for a run: made once, kept as it is by who comes to the same, replaced by who does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from app.adapters.signing.ed25519 import SigningKey
from app.domain.memory import PastReview
from app.domain.receipt_file import Signature, Valid, Verify, checked
from app.domain.report import Report
from app.ports import Place
from app.usecases.review.examination import Examined
from app.usecases.review.receipts import ReceiptKeeper
from tests import reports
from tests.build import BASE, HEAD, REF, REPOSITORY
from tests.receipts import BASIS, KEY, MADE, RUN, keys_of

PAST = PastReview(HEAD, BASE, BASE, "steering", (), (), 1, asked=False)
PLACE = Place(REF, REPOSITORY)


@dataclass
class Shelf:
    """Implements ports.Receipts."""

    kept: dict[str, bytes] = field(default_factory=dict)
    room: bool = True

    async def recall(self, run_id: str) -> bytes | None:
        return self.kept.get(run_id)

    async def keep(self, run_id: str, receipt: bytes) -> bool:
        if self.room:
            self.kept[run_id] = receipt
        return self.room


@dataclass
class Signer:
    """Implements ports.ReceiptSigner; the last key signs."""

    ring: list[SigningKey]

    async def sign(self, message: bytes) -> Signature:
        return self.ring[-1].sign(message)

    async def keys(self) -> Mapping[str, Verify]:
        return keys_of(*self.ring)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def signer() -> Signer:
    return Signer([KEY])


@pytest.fixture
def keeper(shelf: Shelf, signer: Signer) -> ReceiptKeeper:
    times: Iterator[datetime] = (MADE + timedelta(minutes=n) for n in range(100))
    return ReceiptKeeper(signer, shelf, lambda: next(times), "0.1.0")


def examined(report: Report) -> Examined:
    return Examined(report, PAST, basis=BASIS)


async def kept(keeper: ReceiptKeeper, shelf: Shelf, report: Report) -> bytes:
    assert await keeper.keep(RUN, PLACE, examined(report))
    return shelf.kept[RUN]


async def test_it_is_signed_and_says_what_the_report_says(keeper: ReceiptKeeper, shelf: Shelf) -> None:
    found = checked(await kept(keeper, shelf, reports.blocked()), keys_of(KEY), head=HEAD, repository="acme/web")

    assert isinstance(found, Valid)
    assert (found.receipt.run, found.receipt.made_at) == (RUN, "2026-11-21T12:00:00Z")
    assert found.receipt.policy == BASIS.policy
    assert [one.id for one in found.receipt.findings if one.state == "open"] == [
        one.id for one in reports.blocked().findings
    ]


async def test_an_attempt_that_comes_to_the_same_leaves_it_as_it_is(
    keeper: ReceiptKeeper, shelf: Shelf, signer: Signer
) -> None:
    first = await kept(keeper, shelf, reports.blocked())
    again = replace(reports.blocked(), models=(), calls=(), carried=3)
    signer.ring.append(SigningKey.generate())

    assert await kept(keeper, shelf, again) == first


async def test_an_attempt_that_comes_to_something_else_replaces_it(keeper: ReceiptKeeper, shelf: Shelf) -> None:
    """A model that was out answers five minutes later, in the same run."""
    first = await kept(keeper, shelf, reports.incomplete())
    second = await kept(keeper, shelf, reports.passed())
    found = checked(second, keys_of(KEY))

    assert second != first
    assert isinstance(found, Valid)
    assert (found.receipt.verdict.state, found.receipt.made_at) == ("passed", "2026-11-21T12:01:00Z")


async def test_what_somebody_else_put_there_is_replaced(keeper: ReceiptKeeper, shelf: Shelf) -> None:
    """Who can write to Redis and has no key cannot make a receipt older or newer than it is."""
    first = await kept(keeper, shelf, reports.passed())
    shelf.kept[RUN] = first.replace(b"2026-11-21T12", b"2020-11-21T12")
    second = await kept(keeper, shelf, reports.passed())

    assert isinstance(checked(second, keys_of(KEY)), Valid)
    assert b"2026-11-21T12:01:00Z" in second


async def test_it_says_when_there_is_no_room(keeper: ReceiptKeeper, shelf: Shelf) -> None:
    shelf.room = False

    assert not await keeper.keep(RUN, PLACE, examined(reports.passed()))
