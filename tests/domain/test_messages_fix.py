"""What a fix says: what is left out, cut or counted, in tables; whole texts are in test_said.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.fix.answer import FixAnswer, FixItem
from app.domain.fix.report import ChangedFile, Cost, Fixed, Shown
from app.domain.fix.verifying import Ran
from app.domain.messages import fix as words
from app.domain.messages import fix_answers as answers
from app.domain.messages.fix_account import account, unfixed_account
from app.domain.objects import Change
from app.domain.patches import Refusal
from app.domain.prompting.fix import finding_words, ran_text, refusal_text
from app.domain.pull_request import Sha
from tests import fixes
from tests.build import diff_of, entry, finding
from tests.reports import ORIGIN, PROVEN


def report(fixed: Fixed, *, patch: str = "", cost: Cost = fixes.COST) -> str:
    return words.report(fixed, None, ORIGIN, cost, delivered="Fixed.", patch=patch)


PLAIN = fixes.ran()
ENDS: dict[str, tuple[Ran, str]] = {
    "counted": (fixes.ran(failed=3), "214 ran, 3 failed, 2 skipped, exit 1"),
    "not counted": (replace(PLAIN, counts=None), "exit 0"),
    "limited": (replace(PLAIN, counts=None, limit="the time limit of 600 s"), "stopped at the time limit of 600 s"),
    "killed": (replace(PLAIN, counts=None, status=None), "killed"),
}


@pytest.mark.parametrize(("ran", "told"), ENDS.values(), ids=ENDS.keys())
def test_how_a_command_ended(ran: Ran, told: str) -> None:
    assert words.ran_words(ran) == told


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (Shown.FAILS_WITHOUT, "fails on the code without the fix, and passes with it"),
        (Shown.FAILED_BEFORE, "Checks that failed before the fix pass with it"),
        (Shown.PASSES_WITHOUT, "also passes without the fix**, so it shows nothing"),
        (Shown.NO_TEST, "> Of tests it says: the project has none"),
        (Shown.NOT_RUN, "could not be run on the code without the fix"),
        (Shown.NOT_COUNTED, "without the fix, the checks end badly and do not say why."),
    ],
)
def test_what_the_test_of_a_fix_shows(shown: Shown, told: str) -> None:
    fixed = fixes.checked(regression=shown)

    assert told in report(replace(fixed, answer=replace(fixed.answer, test="the project has none")))


def test_no_reason_for_no_test_is_told_too() -> None:
    fixed = fixes.checked(regression=Shown.NO_TEST)

    assert "No test was added or changed." in report(fixed)
    assert "> Of tests it says: nothing." in report(replace(fixed, answer=replace(fixed.answer, test="")))


@pytest.mark.parametrize(
    ("extras", "told"),
    [
        ((), None),
        (("__pycache__/", "a/__pycache__/b.pyc", ".pytest_cache/", "web/node_modules/"), None),
        (("build/", "__pycache__/"), "Not part of the patch: `build/`."),
        (tuple("abcde"), "Not part of the patch: `a`, `b`, `c`, `d`, `e`."),
        (tuple("abcdef"), "Not part of the patch: `a`, `b`, `c`, `d`, `e` and more."),
    ],
)
def test_a_few_files_that_were_left_in_the_sandbox_are_named_and_no_caches(
    extras: tuple[str, ...], told: str | None
) -> None:
    said = report(replace(fixes.FIXED, extras=extras))

    assert [line for line in said.split("\n") if line.startswith("Not part")] == ([] if told is None else [told])


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, None),
        (10, None),
        (11, "Look at 1 more expectation that was changed."),
        (12, "Look at 2 more expectations that were changed."),
    ],
)
def test_changed_expectations_are_named_or_counted(count: int, told: str | None) -> None:
    said = report(replace(fixes.FIXED, expectations=tuple(f"t.py:{n}: x" for n in range(count))))

    assert said.count("Look at this expectation") == min(count, 10)
    assert (told is None) is ("more expectation" not in said)
    assert told is None or told in said


def test_many_files_are_counted() -> None:
    files = tuple(ChangedFile(f"{n}.py", 1, 0) for n in range(32))

    assert "… and 2 more files." in report(replace(fixes.FIXED, files=files))
    assert "more file" not in report(replace(fixes.FIXED, files=files[:30]))


def test_what_is_empty_is_not_said() -> None:
    bare = replace(fixes.ANSWER, fixed=(FixItem("F123456789", ""), FixItem("\u200b", "")), not_fixed=())
    fixed = replace(fixes.checked(before=(PLAIN,), after=(PLAIN,)), answer=bare)

    assert "> It says that it fixed:\n>\n> - (another id)\n\n9 model" in report(fixed)
    assert "did not fix" not in report(fixed)
    assert "What the checks printed" not in report(fixed)
    assert unfixed_account((), ()) == ""


CLAIM = "All checks passed.\n\n**Approved by @octocat.**\n\n# Fixed in `deadbeef`\n> so\n- `__it__ ** is`"


def test_what_a_model_claims_is_a_quote_of_plain_lines() -> None:
    told = account(FixAnswer(CLAIM, (FixItem("**all**\n# of", ""),), (), ""), (), untested=False)

    assert told == (
        "**What the model says of it**\n\n> All checks passed. Approved by `@octocat`. Fixed in `deadbeef` so "
        "`__it__ ** is`\n>\n> It says that it fixed:\n>\n> - all of"
    )


def test_a_model_names_no_finding_that_the_fix_is_not_for() -> None:
    items = (FixItem("F3a91c07be", "as F3A91C07BF"), FixItem("F0123456789", "gone"))
    told = unfixed_account(items, ("F3a91c07be",))

    assert told.endswith("> - `F3a91c07be`: as (another id)\n> - (another id): gone")


def test_what_comparing_told_is_listed() -> None:
    assert "| 0 skipped, exit 0 |\n\n- slower" not in report(fixes.FIXED)
    assert "exit 0 |\n\n- slower" in report(fixes.checked(told=("slower",)))


@pytest.mark.parametrize(
    ("cost", "told"),
    [
        (Cost(0, 0, 0.0), "No model was asked. All steps:"),
        (Cost(1_000, 1, 0.5), "1 model call, 1,000 tokens, $0.50. All steps:"),
        (Cost(1_000, 2, None), "2 model calls, 1,000 tokens, price unknown. All steps:"),
    ],
)
def test_what_it_cost(cost: Cost, told: str) -> None:
    assert told in words.not_fixed("Why.", ORIGIN, cost)


def patch_of(*lines: str) -> str:
    return words.patch_text((Change(entry("a.py"), diff_of(*(f"+{line}" for line in lines)), None),))


def test_a_patch_is_offered_whole_or_not_at_all() -> None:
    assert "+" + "x" * 20_000 + "\n```" in patch_of("x" * 20_000)
    assert patch_of("x" * 31_000) == ""
    assert patch_of("a\u202eb") == ""


KEY = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
ALL_ABOUT_IT: dict[str, str] = {
    "a patch": patch_of(f"key = '{KEY}'"),
    "the end of an output, whose beginning is cut": words.printed(f"{KEY} {'x' * 3_990}"),
    "a file": report(replace(fixes.FIXED, files=(ChangedFile(f"a-{KEY}.txt", 1, 0),))),
    "a file beside the patch": report(replace(fixes.FIXED, extras=(f"{KEY}.txt",))),
    "an expectation": report(replace(fixes.FIXED, expectations=(f"t.py:1: {KEY}",))),
    "a path that is refused": words.refusals((Refusal(f"{KEY}/AGENTS.md", f"is {KEY}"), Refusal("", KEY))),
    "a test that fails": answers.still_red((f"t.py::test_a[{KEY}]", "x" * 100 + KEY)),
    "a command": answers.setup_failed(f"curl https://bot:{KEY}@index.example/"),
    "why GitHub refused": answers.github_refused(KEY),
    "what was forgotten": fixes.SPEAKER.comment(f"`{KEY}`"),
}


@pytest.mark.parametrize("said", ALL_ABOUT_IT.values(), ids=ALL_ABOUT_IT.keys())
def test_no_secret_is_shown(said: str) -> None:
    assert KEY[4:] not in said
    assert KEY[-20:] not in said


def test_our_mark_and_our_links_stay_as_they_are() -> None:
    said = fixes.SPEAKER.comment(f"{KEY} {ORIGIN.commit(Sha('c' * 40))}")

    assert said.endswith(f"[secret: github token] {ORIGIN.commit(Sha('c' * 40))}\n\n{fixes.SPEAKER.mark}")


def test_a_report_that_is_too_long_is_short_of_outputs_first() -> None:
    loud = fixes.ran(output="y" * 4_000)
    fixed = fixes.checked(before=(loud,) * 5, after=(loud,) * 5)
    patch = patch_of("x" * 25_000)

    said = report(fixed, patch=patch)

    assert len(said) < words.MAX_BODY
    assert patch in said
    assert "What the checks printed" not in said


def test_refusals_are_counted_where_there_are_many() -> None:
    many = tuple(Refusal(f"{n}.py", "is core") for n in range(31))

    assert words.refusals(many).endswith("- `29.py` is core\n- … and 1 more")
    assert words.refusals((Refusal("", "it changes nothing"),)) == "- The patch: it changes nothing"


def test_what_is_to_be_fixed() -> None:
    ids = tuple(f"F{n}" for n in range(7))

    assert answers.what(ids, words=False) == "`F0`, `F1`, `F2`, `F3`, `F4` and 2 more"
    assert answers.what(ids[:1], words=True) == "`F0` and what the comment describes"
    assert answers.what((), words=True) == "what the comment describes"


@pytest.mark.parametrize(
    ("failing", "told"),
    [
        (0, "The checks failed before I began, and still fail."),
        (1, "The checks failed before I began, and still fail: `t0`."),
        (11, "`t9` and 1 more."),
    ],
)
def test_what_still_fails(failing: int, told: str) -> None:
    assert answers.still_red([f"t{n}" for n in range(failing)]).endswith(told)


def test_why_nothing_is_fixed_in_our_words() -> None:
    for told in (
        answers.accepted(),
        answers.not_enabled(),
        answers.no_model(),
        answers.no_sandbox(),
        answers.head_not_seen(),
        answers.closed(),
        answers.policy_invalid(),
        answers.no_checks(),
        answers.branch_gone(),
        answers.moved_meanwhile(),
        answers.stopped(),
        words.base_changed(),
        answers.too_many_attempts(3),
        answers.head_moved(Sha("c" * 40)),
    ):
        assert told.endswith(".")
        assert told[0].isupper() or told[0].isdigit()


def test_what_a_model_is_told_of_a_finding() -> None:
    assert finding_words(finding("F1")) == "F1 (P1) a.py:1-1: title of F1\nbody of F1"
    told = finding_words(PROVEN)
    assert "Goes wrong for: two `POST /refunds`" in told
    assert "Shown by: python -m pytest -q tests/test_refund_twice.py\nE       assert 2 == 1" in told


def test_what_a_model_is_told_of_a_command() -> None:
    red = fixes.ran(failed=1, output="\nE  oh\n")
    assert ran_text(red) == "$ python -m pytest -q\n(exit status 1; 214 ran, 1 failed, 2 skipped)\nE  oh"
    limited = replace(red, counts=None, limit="the time limit")
    assert ran_text(limited).split("\n")[1] == "(stopped at the time limit)"


def test_what_a_model_is_told_of_refusals() -> None:
    assert refusal_text((Refusal("a.py", "is core"), Refusal("", "it changes nothing"))) == (
        "a.py: is core\nthe patch: it changes nothing"
    )


def test_checks_of_others_were_not_run() -> None:
    said = report(replace(fixes.FIXED, failing=("unit", "a`b")))
    assert "checks of others failed: `unit`, ``a`b``. **They were not run here**: whether they pass" in said
    assert "`c4` and 2 more. **They" in report(replace(fixes.FIXED, failing=tuple(f"c{n}" for n in range(7))))
    assert "not run here" not in report(fixes.FIXED)
