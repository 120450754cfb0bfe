"""A write on its way: its answer comes first, then the cancellation, and neither waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from app.adapters.in_flight import heard_out

TURNS = 5


class Write:
    """Says when it began, and ends when it is told to."""

    def __init__(self, answer: Callable[[], str] = lambda: "created") -> None:
        self.began, self.may_end, self.over = asyncio.Event(), asyncio.Event(), False
        self._answer = answer

    async def __call__(self) -> str:
        self.began.set()
        try:
            await self.may_end.wait()
            return self._answer()
        finally:
            self.over = True


async def cancelled(task: asyncio.Task[Any], *, times: int) -> None:
    for _ in range(times):
        task.cancel()
        for _ in range(TURNS):
            await asyncio.sleep(0)


async def test_an_answer_is_handed_on() -> None:
    write = Write()
    write.may_end.set()
    assert await heard_out(write()) == "created"


async def test_an_error_is_handed_on() -> None:
    write = Write(lambda: str(1 // 0))
    write.may_end.set()
    with pytest.raises(ZeroDivisionError):
        await heard_out(write())


@pytest.mark.parametrize("answer", [lambda: "created", lambda: str(1 // 0)], ids=["answer", "error"])
@pytest.mark.parametrize("times", [1, 3])
async def test_a_cancellation_waits_for_the_answer(times: int, answer: Callable[[], str]) -> None:
    write = Write(answer)
    task = asyncio.create_task(heard_out(write()))
    await write.began.wait()

    await cancelled(task, times=times)
    assert not task.done()
    assert not write.over

    write.may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert write.over


async def test_an_answer_that_never_comes_is_not_waited_for_longer_than_agreed() -> None:
    write = Write()
    task = asyncio.create_task(heard_out(write(), seconds=0.05))
    await write.began.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    await cancelled(task, times=0)
    await asyncio.sleep(0)
    assert write.over
