"""What the transcript holds of one wish, whatever becomes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.errors import PatchRefused
from app.domain.patches import Refusal
from app.domain.transcript import EntryKind
from tests.fakes.scripted_model import ScriptedModel
from tests.usecases.fix.doubles import Files
from tests.usecases.fix.stand import ORDER, PATCH, TEST_PATCH, Stand, answered, patches

REFUSED = (Refusal("shop.py", "is core"),)


def red_with_the_test_alone(_line: str, files: Files) -> int:
    return 1 if "test_shop.py" in files and files["shop.py"] != b"total = 3\n" else 0


async def test_all_that_was_said_and_done_is_kept_in_its_order() -> None:
    stand = Stand(check=red_with_the_test_alone, model=ScriptedModel([patches(), patches(TEST_PATCH), answered()]))
    assert await stand.attend() == "delivered"

    assert [(entry.kind, entry.step.partition("{")[0]) for entry in stand.transcript] == [
        (EntryKind.ASKED, "attempt 1"),
        (EntryKind.CHECK, "before anything is changed"),
        (EntryKind.TOLD, "fix, try 1, step 1"),
        (EntryKind.REPLY, "fix, try 1, step 1"),
        (EntryKind.TOOL, "apply_patch "),
        (EntryKind.REPLY, "fix, try 1, step 2"),
        (EntryKind.TOOL, "apply_patch "),
        (EntryKind.REPLY, "fix, try 1, step 3"),
        (EntryKind.PATCH, "try 1"),
        (EntryKind.CHECK, "try 1, with the patch"),
        (EntryKind.CHECK, "try 1, its tests without the fix"),
        (EntryKind.REPORT, ""),
    ]
    assert stand.transcript[-1].text in stand.told
    before = len(stand.transcript)
    assert await stand.attend() == "answered before"
    assert len(stand.transcript) == before


@pytest.mark.parametrize("who", ["the sandbox", "the patch", "the guards"])
async def test_each_refused_patch_is_kept_beside_its_refusal(who: str) -> None:
    secret = PATCH.replace("= 3", "= 'ghp_" + "A1b2C3d4E5" * 3 + "f6G7h8'") if who == "the guards" else PATCH
    stand = Stand(model=ScriptedModel([patches(secret), answered(), answered(), answered()]))
    if who == "the sandbox":
        stand.boxes.refused = REFUSED
    if who == "the patch":
        stand.git.refuses = PatchRefused(REFUSED)
    await stand.attend()

    kept = [entry for entry in stand.transcript if entry.kind is EntryKind.PATCH]
    assert [entry.step for entry in kept] == ["try 1", "try 2", "try 3"]
    assert all(entry.note.startswith("refused:\nshop.py: ") for entry in kept)
    assert "--- a/shop.py\n+++ b/shop.py\n@@ -1,1 +1,1 @@\n-total = 2\n+total = " in kept[0].text


async def test_what_is_told_after_a_stop_or_without_any_work_is_kept_too() -> None:
    stand = Stand(executes=False)
    await stand.attend()
    await stand.attending(replace(ORDER, wish="8")).ended_early("Somebody stopped it.")

    assert [entry.kind for entry in stand.transcript] == [EntryKind.ASKED, EntryKind.REPORT, EntryKind.REPORT]
    assert "Somebody stopped it." in stand.transcript[-1].text
