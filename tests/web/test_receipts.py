"""GET /runs/{id}/receipt.json: the bytes as they were signed, for whoever knows the id, and for no cache to share."""

from __future__ import annotations

import pytest

from tests.receipts import RUN, receipt, signed
from tests.web.harness import Web

SAMPLE = signed(receipt())


async def test_the_receipt_comes_as_it_was_signed(web: Web) -> None:
    web.taken.receipts[RUN] = SAMPLE
    answer = await web.client.get(f"/runs/{RUN}/receipt.json")

    assert (answer.status_code, answer.content) == (200, SAMPLE)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("run", ["0" * 16, RUN[:-1], RUN.upper(), "*", "%2e%2e", f"{RUN}%0a", "é"])
async def test_an_id_of_no_kept_receipt_is_not_found(web: Web, run: str) -> None:
    web.taken.receipts[RUN] = SAMPLE
    answer = await web.client.get(f"/runs/{run}/receipt.json")

    assert answer.status_code == 404
    assert answer.json() == {"error": "no receipt is kept of such a run"}
    assert answer.headers["cache-control"] == "private, no-cache"


async def test_without_redis_it_says_come_back(web: Web) -> None:
    web.taken.down = True
    answer = await web.client.get(f"/runs/{RUN}/receipt.json")

    assert answer.status_code == 503
    assert "try again later" in answer.json()["error"]


async def test_it_is_only_ever_read(web: Web) -> None:
    assert (await web.client.post(f"/runs/{RUN}/receipt.json")).status_code == 405
    assert (await web.client.get(f"/runs/{RUN}/")).status_code == 404
