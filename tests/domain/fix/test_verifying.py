"""Runs before and after a repair are compared: what got worse or contradicts itself speaks against the repair."""

from __future__ import annotations

import pytest

from app.domain.fix.counts import Counts, Source
from app.domain.fix.verifying import REPORTED, Comparison, Ran, compare, fails_without, impossible


def counts(
    executed: int,
    *failing: str,
    failed: int | None = None,
    skipped: int = 0,
    collected: int | None = None,
    source: Source = Source.RUNNER,
) -> Counts:
    return Counts(collected, executed, len(failing) if failed is None else failed, skipped, failing, source)


def ran(
    status: int | None,
    counted: Counts | None = None,
    *,
    limit: str | None = None,
    command: str = "make test",
    output: str = "",
) -> Ran:
    return Ran(command, status, limit, counted, output, 1.5)


def said(*reasons: str) -> tuple[str, ...]:
    return tuple(f"make test: {reason}, as reported by the pull request's own code" for reason in reasons)


RED = ran(1, counts(3, "a"))
GREEN = ran(0, counts(3))


def test_a_command_passes_with_status_0_within_its_limits() -> None:
    assert ran(0).passed
    assert not ran(1).passed
    assert not ran(None).passed
    assert not ran(0, limit="wall-clock time").passed


@pytest.mark.parametrize(
    ("before", "after", "fixed"),
    [
        (GREEN, GREEN, ()),
        (RED, GREEN, ("a",)),
        (RED, ran(0, counts(4)), ("a",)),
        (ran(0), ran(0), ()),
        (ran(0, counts(3, skipped=2)), ran(0, counts(3, skipped=1)), ()),
        (ran(0, counts(3, collected=5)), ran(0, counts(3)), ()),
    ],
)
def test_what_is_as_good_as_before_or_better_is_accepted(before: Ran, after: Ran, fixed: tuple[str, ...]) -> None:
    assert compare([before], [after]) == Comparison(accepted=True, reasons=(), fixed=fixed)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (
            ran(1, counts(3, "a", "b")),
            RED,
            (
                "it failed before the repair and still does: 3 ran, 2 failed, 0 skipped before,"
                " 3 ran, 1 failed, 0 skipped now"
            ),
        ),
        (
            ran(1, counts(3, "a", failed=2)),
            ran(1, counts(3, "b", failed=2)),
            (
                "it failed before the repair and still does: 3 ran, 2 failed, 0 skipped before,"
                " 3 ran, 2 failed, 0 skipped now"
            ),
        ),
        (
            ran(1),
            ran(1),
            "it failed before the repair and still does (exit status 1), and which tests failed is not known",
        ),
        (
            ran(1),
            RED,
            "it failed before the repair and still does (exit status 1), and which tests failed is not known",
        ),
    ],
)
def test_what_was_red_and_is_not_redder_is_accepted_and_told(before: Ran, after: Ran, reason: str) -> None:
    compared = compare([before], [after])

    assert (compared.accepted, compared.reasons) == (True, said(reason))


@pytest.mark.parametrize("after", [ran(0), GREEN])
def test_what_only_an_exit_status_tells_of_is_accepted_and_told(after: Ran) -> None:
    told = "it failed before the repair and passes now, of which only its exit status tells: no tests were counted"

    assert compare([ran(1)], [after]) == Comparison(accepted=True, reasons=(f"make test: {told}",), fixed=())


STILL_RED = "it failed before the repair and still does: 3 ran, 1 failed, 0 skipped before, "


@pytest.mark.parametrize(
    ("before", "after", "reasons"),
    [
        (ran(0), ran(2), ["it passed before and now ends with exit status 2"]),
        (ran(0), ran(None), ["it passed before and now ends with a signal"]),
        (ran(0), ran(0, limit="output (1,000 bytes)"), ["it reached a limit: output (1,000 bytes)"]),
        (GREEN, RED, ["it passed before and now ends with exit status 1", "a failed now and did not before"]),
        (
            RED,
            ran(None, limit="wall-clock time (2 s)"),
            [
                "it reached a limit: wall-clock time (2 s)",
                "its tests were counted before (3 ran, 1 failed, 0 skipped) and now nothing tells of them",
                (
                    "it failed before the repair and still does (a limit reached: wall-clock time (2 s)), and which"
                    " tests failed is not known"
                ),
            ],
        ),
        (
            GREEN,
            ran(0),
            ["its tests were counted before (3 ran, 0 failed, 0 skipped) and now nothing tells of them"],
        ),
        (RED, ran(0, counts(2)), ["3 tests ran before and 2 now"]),
        (RED, ran(0, counts(2, skipped=1)), ["1 test ran before and is skipped now"]),
        (ran(0, counts(5)), ran(0, counts(3, skipped=2)), ["2 tests ran before and are skipped now"]),
        (ran(0, counts(5)), ran(0, counts(3, skipped=1)), ["5 tests ran before and 3 now"]),
        (GREEN, ran(0, counts(4, skipped=1)), ["0 tests were skipped before and 1 now"]),
        (RED, ran(0, counts(3, skipped=2)), ["0 tests were skipped before and 2 now"]),
        (ran(0, counts(3, skipped=1)), ran(0, counts(3, skipped=2)), ["1 test was skipped before and 2 now"]),
        (ran(0, counts(3, collected=9)), ran(0, counts(3, collected=8)), ["9 tests were found before and 8 now"]),
        (
            RED,
            ran(1, counts(3, "b")),
            ["b failed now and did not before", STILL_RED + "3 ran, 1 failed, 0 skipped now"],
        ),
        (
            RED,
            ran(1, counts(9, *"abcdefgh")),
            ["b, c, d, e, f and 2 more failed now and did not before", STILL_RED + "9 ran, 8 failed, 0 skipped now"],
        ),
        (
            ran(1, counts(3, failed=1)),
            ran(1, counts(3, failed=2)),
            ["1 test failed before and 2 now", STILL_RED + "3 ran, 2 failed, 0 skipped now"],
        ),
        (
            RED,
            ran(0, counts(3, "a")),
            ["exit status 0 although 1 test failed (summary of the test runner): treated as failed"],
        ),
        (
            RED,
            ran(2, counts(3)),
            [
                "it ends with exit status 2 although no test failed (summary of the test runner): treated as failed",
                STILL_RED + "3 ran, 0 failed, 0 skipped now",
            ],
        ),
        (
            ran(0, counts(3, source=Source.JUNIT)),
            ran(0, counts(9)),
            [
                (
                    "its tests were counted from the JUnit report before and from the summary of the test runner now,"
                    " which says nothing"
                )
            ],
        ),
    ],
)
def test_what_speaks_against_a_repair_is_not_accepted(before: Ran, after: Ran, reasons: list[str]) -> None:
    compared = compare([before], [after])

    assert (compared.accepted, compared.reasons) == (False, said(*reasons))


def test_nothing_is_called_fixed_where_failures_have_no_names_or_another_source() -> None:
    assert compare([RED], [ran(1, counts(3, failed=1))]).fixed == ()
    assert compare([RED], [ran(0, counts(3, source=Source.TAP))]).fixed == ()


def test_each_command_is_compared_with_itself() -> None:
    compared = compare(
        [ran(1, counts(3, "b", "a"), command="a"), ran(0, command="b")],
        [ran(0, counts(3), command="a"), ran(1, command="b")],
    )
    reason = f"b: it passed before and now ends with exit status 1, {REPORTED}"

    assert compared == Comparison(accepted=False, reasons=(reason,), fixed=("a", "b"))


@pytest.mark.parametrize("after", [[], [ran(0, command="make check")], [GREEN, GREEN]])
def test_other_commands_cannot_be_compared(after: list[Ran]) -> None:
    with pytest.raises(ValueError, match="run the same ones in the same order"):
        compare([GREEN], after)


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ([], "there is no command to verify with"),
        ([GREEN, ran(127)], "make test: the sandbox has no such command (exit status 127)"),
        ([ran(126)], "make test: this cannot be executed in the sandbox (exit status 126)"),
        (
            [ran(None, limit="wall-clock time (600 s)")],
            "make test: it reached a limit before anything was changed: wall-clock time (600 s)",
        ),
        (
            [
                ran(
                    2,
                    output="pytest\nmake: pytest: No such file or directory\nmake: *** [Makefile:2: test] Error 127\n",
                )
            ],
            "make test: a command that it starts cannot be found or executed in the sandbox",
        ),
        ([RED], None),
        ([GREEN], None),
        ([ran(2, output="make: *** [Makefile:2: test] Error 1\n")], None),
        ([ran(2, counts(3, "a"), output="make: *** [Makefile:2: test] Error 127\n")], None),
        ([ran(0, output="make: *** [Makefile:2: test] Error 127\n")], None),
    ],
)
def test_what_cannot_be_verified_is_known_from_the_first_run(before: list[Ran], reason: str | None) -> None:
    assert impossible(before) == reason


GREEN_4 = ran(0, counts(4))
UNLOADED = counts(4, "test_new (unittest.loader._FailedTest.test_new)")


@pytest.mark.parametrize(
    ("after", "alone", "fails"),
    [
        (GREEN_4, ran(1, counts(4, "a")), True),
        (GREEN_4, ran(1, counts(5, failed=1)), True),
        (GREEN_4, ran(0, counts(4, "a")), True),
        (GREEN_4, GREEN_4, False),
        (ran(0), ran(0), False),
        (GREEN_4, ran(1, counts(3, "a")), None),
        (GREEN_4, ran(1, counts(4)), None),
        (GREEN_4, ran(1, UNLOADED), None),
        (GREEN_4, ran(2, counts(4, "test_new"), output="!!! Interrupted: 1 error during collection !!!"), None),
        (GREEN_4, ran(1, counts(4, "a", source=Source.JUNIT)), None),
        (GREEN_4, ran(1), None),
        (ran(0), ran(1, counts(4, "a")), None),
        (ran(0), ran(1), None),
    ],
)
def test_a_test_fails_without_the_repair_only_where_it_ran_there(after: Ran, alone: Ran, fails: bool | None) -> None:
    assert fails_without((GREEN, after), (GREEN, alone)) is fails
