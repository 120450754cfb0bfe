"""Several things at the same time end together, and an error comes out as it is."""

from __future__ import annotations

import asyncio

import pytest

from app.domain.errors import BudgetRefused, GitFailed, RevwrightError
from app.usecases.together import together


async def value(number: int) -> int:
    await asyncio.sleep(0)
    return number


async def fail(error: Exception) -> int:
    await asyncio.sleep(0)
    raise error


async def test_results_come_in_the_given_order() -> None:
    assert await together(value(number) for number in (3, 1, 2)) == (3, 1, 2)
    assert await together([]) == ()


async def test_an_error_of_ours_comes_out_as_it_is_and_ends_the_others() -> None:
    ended = asyncio.Event()

    async def long() -> int:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return 0

    with pytest.raises(GitFailed, match="broken"):
        await together([long(), fail(GitFailed("broken"))])
    assert ended.is_set()


async def test_of_several_errors_the_first_comes_out() -> None:
    with pytest.raises(GitFailed, match="first"):
        await together([fail(GitFailed("first")), fail(GitFailed("second"))])


async def test_the_first_error_comes_out_of_groups_within_groups() -> None:
    async def inner() -> int:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail(BudgetRefused("used up")))
        return 0

    with pytest.raises(RevwrightError, match="used up"):
        await together([inner()])


async def test_any_other_error_is_not_taken_apart() -> None:
    with pytest.raises(ExceptionGroup) as raised:
        await together([fail(ZeroDivisionError())])
    assert isinstance(raised.value.exceptions[0], ZeroDivisionError)


async def test_when_the_caller_is_cancelled_all_of_them_are_first() -> None:
    ended: list[int] = []

    async def long(number: int) -> int:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(number)
        return number

    task = asyncio.create_task(together([long(1), long(2)]))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(ended) == [1, 2]
