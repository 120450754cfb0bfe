"""Several things at the same time: all of them end before this does, and the first error of ours comes out as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from app.domain.errors import RevwrightError

T = TypeVar("T")


async def together(doing: Iterable[Coroutine[Any, Any, T]]) -> tuple[T, ...]:
    """The results in the given order. When one fails, or the caller is cancelled, the others are cancelled first."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in doing]
    except* RevwrightError as errors:
        raise _first(errors) from None
    return tuple(task.result() for task in tasks)


def _first(errors: BaseExceptionGroup[Any]) -> BaseException:
    found: BaseException = errors
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found
