"""What a try that was refused leaves in its workspace: for the same person and the same wish, and for nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.commands.asked import Who
from app.domain.errors import LedgerUnavailable
from app.domain.fix.ci import FailedCheck
from tests.fakes.scripted_model import ScriptedModel
from tests.usecases.fix.doubles import Files
from tests.usecases.fix.stand import ORDER, Stand, answered, patches
from tests.usecases.test_model_layers import KeptAnswers

BOB = Who(10, "bob")
CHECK = FailedCheck("unit", "ci", "failure", "1 failed", "", (), "total is 2", "")


def red(_line: str, _files: Files) -> int:
    return 1


async def refused(*then: object) -> Stand:
    """After a patch of `ann` that was refused, and stays in the workspace. Then the model does that."""
    replies = [patches(), answered(), answered(), answered(), *then]
    stand = Stand(check=red, model=ScriptedModel(replies))  # type: ignore[arg-type]
    stand.ci.checks = (CHECK,)
    assert "still fail" in await stand.attend()
    assert [one.paths for one in stand.memory.fixes.rounds] == [("shop.py",)]
    stand.answers = KeptAnswers()  # as after a run
    return stand


@pytest.mark.parametrize(
    "other", [replace(ORDER, wish="8", who=BOB), replace(ORDER, wish="8", findings=(), ci=True)], ids=["person", "wish"]
)
async def test_nobody_goes_on_with_what_another_wish_left(other: object) -> None:
    stand = await refused(answered())

    assert "changed nothing" in await stand.attend(other)  # type: ignore[arg-type]
    assert "an earlier try" not in stand.model.seen[-1].messages[1].text
    assert [one.paths for one in stand.memory.fixes.rounds] == [(), ()]


async def test_it_is_nobodys_once_another_try_has_begun_however_that_one_ends() -> None:
    stand = await refused(LedgerUnavailable("away"))
    with pytest.raises(LedgerUnavailable):
        await stand.attend(replace(ORDER, wish="8", who=BOB))

    assert [one.paths for one in stand.memory.fixes.rounds] == [()]
