"""Ids of findings that are not open: they are no words for a model."""

from __future__ import annotations

import pytest

from app.domain.fix.meaning import Meant, NothingMeant, meant
from app.domain.severity import Severity


@pytest.mark.parametrize("said", ["F012345678", "f012345678;", "F012345678, Fabcdef012", "F012345678 --again"])
def test_the_id_of_no_open_finding_means_nothing(said: str) -> None:
    assert meant(said, (), block_at=Severity.P1, here=None) == NothingMeant("such open finding", "--again" in said)


@pytest.mark.parametrize("said", ["F012345678 as well", "F0123456789", "f01234567"])
def test_what_says_more_or_is_no_id_is_words(said: str) -> None:
    assert meant(said, (), block_at=Severity.P1, here=None) == Meant((), said, again=False)
