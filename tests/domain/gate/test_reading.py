"""The reading list holds what the unmet requirements wait for, in order, each place once, and says what it left out."""

from __future__ import annotations

from dataclasses import replace

from app.domain.diff import FileDiff
from app.domain.entries import Entry, Kind, Side, Status
from app.domain.gate.decision import RequirementState
from app.domain.gate.reading import MAX_PLACES, Place, ReadingList, reading_list
from app.domain.gate.requirements import requirements
from app.domain.objects import Change, NotDiffed
from app.domain.policy import CoreRequirement, Policy, TierPolicy
from tests.build import change, diff_of, entry

_POLICY = Policy(tiers=TierPolicy(core=(CoreRequirement(("app/**",), 1, ("@x",)), CoreRequirement(("app/b/**",), 2))))


def _states(*changes: Change, missing: int = 1) -> list[RequirementState]:
    found = requirements([change.entry for change in changes], _POLICY, None)
    return [RequirementState(requirement, (), missing, ()) for requirement in found]


def _read(*changes: Change) -> ReadingList:
    return reading_list(_states(*changes), changes)


def _now(change_: Change, new: Side) -> Change:
    return replace(change_, entry=replace(change_.entry, new=new))


def test_named_by_the_policy_then_more_approvals_then_larger_then_by_name() -> None:
    changes = (
        change("AGENTS.md", "+1", "+2", "+3"),
        change("app/a.py", "+1"),
        change("app/c.py", " 1", "+2", "-3", " 4"),
        change("app/aa.py", "+1"),
        change("app/b/x.py", "+1"),
        change("readme.md", "+1"),
    )
    assert _read(*changes).places == (
        Place("app/b/x.py", 1, 1, 1),
        Place("app/c.py", 1, 3, 2),
        Place("app/a.py", 1, 1, 1),
        Place("app/aa.py", 1, 1, 1),
        Place("AGENTS.md", 1, 3, 3),
    )


def test_hunks_of_a_file_stand_from_top_to_bottom() -> None:
    hunks = (*diff_of(" 1", "+2").hunks, *diff_of("+7", "+8", "+9", start=7).hunks)
    places = _read(Change(entry("app/a.py"), FileDiff(hunks), None)).places
    assert places == (Place("app/a.py", 1, 2, 1), Place("app/a.py", 7, 9, 3))


def test_what_is_met_need_not_be_read() -> None:
    one = change("app/a.py", "+1")
    assert reading_list(_states(one, missing=0), [one]) == ReadingList(())


def test_the_list_ends_and_says_how_much_is_left() -> None:
    changes = [change(f"app/{number:03}.py", "+1") for number in range(MAX_PLACES + 3)]
    found = reading_list(_states(*changes), changes)
    assert [place.path for place in found.places] == [f"app/{number:03}.py" for number in range(MAX_PLACES)]
    assert found.more == 3
    assert len(reading_list(_states(*changes), changes, limit=2).places) == 2


def test_places_without_lines_say_why() -> None:
    link = Side("120000", "d" * 40, Kind.SYMLINK)
    run = Side("100755", "c" * 40, Kind.EXECUTABLE)
    deleted = entry("app/b.py", Status.DELETED)
    changes = (
        Change(replace(deleted, path="app/1.py"), diff_of("-1"), None),
        change("app/2.py", "-1"),
        change("app/3.bin", not_diffed=NotDiffed.BINARY),
        Change(entry("app/4.py", Status.ADDED), FileDiff(()), None),
        Change(entry("app/5.py", Status.DELETED), FileDiff(()), None),
        Change(_now(change("app/6.py", "+1"), run).entry, FileDiff(()), None),
        _now(change("app/7.py", "+1"), link),
        _now(change("app/8.py", "-1"), link),
    )
    assert {place.path: (place.start, place.note) for place in _read(*changes).places} == {
        "app/1.py": (None, "deleted"),
        "app/2.py": (None, "nothing is left in it"),
        "app/3.bin": (None, "binary"),
        "app/4.py": (None, "an empty file"),
        "app/5.py": (None, "an empty file, deleted"),
        "app/6.py": (None, "mode 100644 -> 100755"),
        "app/7.py": (1, "mode 100644 -> 120000"),
        "app/8.py": (None, "mode 100644 -> 120000"),
    }


def test_an_entry_whose_diff_was_not_read_is_listed() -> None:
    lost = Entry("app/a.py", Status.ADDED, None, Side("100644", "c" * 40, Kind.FILE))
    (requirement,) = requirements([lost], _POLICY, None)
    found = reading_list([RequirementState(requirement, (), 1, ())], [])
    assert found.places == (Place("app/a.py", None, None, 0, "its diff was not read"),)
