"""A parser as a worker has it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.adapters.parsing.parser import ChildParser, ParserLimits, find_library, open_parser

PATIENT = ParserLimits(seconds=30)


@pytest.fixture
async def parser() -> AsyncIterator[ChildParser]:
    """With time for a slow machine."""
    if find_library() is None:
        pytest.skip("ast-grep-py is not installed (the extra `structural`)")
    async with open_parser(limits=PATIENT) as parser:
        yield parser
