"""What we answer to commands: nothing of it comes alive, and none of it is a command itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.markdown.first_paragraph import FirstParagraph
from app.domain.anchors import Anchor
from app.domain.commands import parse
from app.domain.commands.standing import PullStanding
from app.domain.findings import Quote
from app.domain.fix.answer import FixAnswer, FixItem
from app.domain.fix.plan import Plan, PlanStep
from app.domain.fix.report import ChangedFile, Checked, Fixed, Pushed, Shown
from app.domain.jobs import JobKind, RowKey
from app.domain.memory import EntryMemory, FindingState, KnownFinding, PastReview
from app.domain.messages import commands as words
from app.domain.messages import fix as fixing
from app.domain.messages import fix_answers as answers
from app.domain.messages.commands import Named, answer
from app.domain.messages.comments import inline_comment, review_body, summary_comment
from app.domain.messages.config import policy_words
from app.domain.messages.fix_account import unfixed_account
from app.domain.messages.standing import standing_words
from app.domain.messages.threads import fixed_reply, gone_reply, round_question, still_there_reply
from app.domain.objects import Change
from app.domain.patches import Refusal
from app.domain.policy import CoreRequirement, LimitsPolicy, ParsedPolicy, Policy, ReviewPolicy, RulesPolicy, TierPolicy
from app.domain.policy_layers import Layer, Source, compose
from app.domain.pull_request import Sha
from app.domain.row import Row, Wanted
from app.domain.severity import Severity
from app.domain.tiers import Tier
from tests import fixes, reports
from tests.build import BASE, HEAD, REF, REPOSITORY, diff_of, entry, finding, pull_request
from tests.domain.test_inert_properties import texts
from tests.domain.test_messages_inert import alive
from tests.examples import examples
from tests.reports import ORIGIN

PULL = pull_request()
PAST = PastReview(
    HEAD,
    BASE,
    BASE,
    "s",
    (EntryMemory("a.py", "i", Tier.STANDARD, ()), EntryMemory("b.py", "i", Tier.SKIP, ())),
    (
        KnownFinding(finding("F1"), Anchor("", "x", 0, (), ()), FindingState.OPEN, HEAD),
        KnownFinding(finding("F2"), Anchor("", "x", 0, (), ()), FindingState.DISMISSED, HEAD),
    ),
    rounds=2,
    asked=False,
)
ROW = Row(RowKey(JobKind.REVIEW, REF), 2, 1, Wanted(REPOSITORY, HEAD, "push", draft=False), frozenset(), 1, "", "r")
STANDING = PullStanding(PULL, "failure", ROW, PAST, 0.5, 2.0, 6, Severity.P1)


def named(text: str, comment: int | None = 7) -> Named:
    return Named("review", text, "https://github.com", REPOSITORY, REF, comment)


def all_words(text: str) -> list[str]:
    """Everything that is said to commands, with somebody's text wherever one can be."""
    policy = Policy(
        review=ReviewPolicy(instructions=text), rules=RulesPolicy(packs=(text,)), limits=LimitsPolicy(rounds=1)
    )
    given = dict.fromkeys(("review.instructions", "rules.packs", "limits.rounds"), (1, 1))
    layer = Layer.of(Source.REPOSITORY, ParsedPolicy(policy, given))
    return [
        words.help_text("revwright", words.built_in()),
        words.unknown("revwright"),
        words.closed(),
        words.too_old(),
        words.too_many(20),
        words.policy_invalid(),
        words.interrupted(),
        words.no_model(),
        words.no_answer(text),
        words.told(text, (Quote(text, 1, text), Quote("a.py", 2, text)), ORIGIN),
        words.told(text, (), ORIGIN),
        words.remembered(9, named(text)),
        words.remembered_before(),
        words.cannot_remember("the file is too large"),
        words.proposal_body(named(text), 9),
        *(words.review_wanted(HEAD, full=full, focus=focus) for full in (True, False) for focus in (True, False)),
        words.under_way(HEAD),
        words.is_draft(),
        words.is_paused(),
        *(order(something=some) for order in (words.stopped, words.paused, words.resumed) for some in (True, False)),
        *(settled("F1", text, waits=yes) for settled in (words.dismissed, words.reopened) for yes in (True, False)),
        words.already("F1", text, "open"),
        words.no_finding(),
        words.no_reason(),
        words.only_open_may_be("fixed"),
        words.human_asked(tuple(("F1", text) for _ in range(12)), person=text),
        words.human_asked((), person=None),
        standing_words(replace(STANDING, row=replace(ROW, error=text, dead=True, paused=True))),
        policy_words(compose((layer,)), (text,)),
        *_of_fixes(text),
    ]


def _of_fixes(text: str) -> list[str]:
    """Everything that a fix says: to whoever asks for it, while it goes on, and in the end."""
    item, sha = (FixItem(text, text),), Sha("c" * 40)
    ran = replace(fixes.ran(failed=1), command=text, limit=text)
    plan = Plan((PlanStep(shown_step(text)),))
    checked = Checked(text, (ran,), (ran,), (text,), Shown.NO_TEST)
    fixed = Fixed(FixAnswer(text, item, item, text), (ChangedFile(text, 1, 0),), checked, (text,), (text,))
    pushed = Pushed(sha, text)
    refused = fixing.refusals((Refusal(text, text), Refusal("", text)))
    what = answers.what((text,) * 7, words=True)
    return [
        fixing.queued(what, sha),
        fixing.working(what, sha, "a model is at work", plan),
        fixing.report(fixed, pushed, ORIGIN, fixes.COST, delivered="Fixed."),
        fixing.report(fixed, None, ORIGIN, fixes.COST, delivered=fixing.offered(fixing.fork_is_closed())),
        *(
            fixing.not_fixed(reason, ORIGIN, fixes.COST, details=details)
            for reason, details in (
                (answers.refused_patch(), refused),
                (answers.checks_worse(), fixing.reasons((text,))),
                (answers.still_red((text,)), fixing.still_failing((ran,))),
                (answers.no_change(), unfixed_account(item, ())),
                (answers.moved_meanwhile(), ""),
            )
        ),
        *(
            told(text)
            for told in (
                answers.may_not,
                answers.conflict,
                answers.cannot_verify,
                answers.model_ended,
                answers.github_refused,
                answers.sandbox_gone,
                answers.given_up,
            )
        ),
        *(answers.branch_protected(text, fork=fork) for fork in (False, True)),
        answers.turned_off(ORIGIN.commit(sha)),
        answers.head_moved(sha),
        answers.nothing_to_fix("open finding"),
        answers.too_many_attempts(1),
    ]


def shown_step(text: str) -> str:
    """As much of the text as a step of a plan may have."""
    return "".join(one for one in text if one.isprintable())[:120].strip() or "a step"


@given(pool=st.lists(texts, min_size=1, max_size=2))
@settings(max_examples=examples(20, search=200), deadline=None)
def test_no_answer_is_a_command_or_comes_alive(pool: list[str]) -> None:
    (text, *_) = pool
    for told in all_words(text):
        for comment in (7, None):
            whole = answer(named(text, comment), told)
            paragraph = FirstParagraph()(whole)
            assert paragraph is None or parse(paragraph, "revwright") is None
            assert [line for line in whole.splitlines() if parse(line, "revwright") is not None] == []
            assert not alive(whole), whole


@pytest.mark.parametrize(
    "text", ["@revwright pause", "x\n@revwright pause", "\n\n@revwright pause\n", "> @revwright pause"]
)
def test_words_of_others_that_are_a_command_are_none_in_our_mouth(text: str) -> None:
    for told in all_words(text):
        whole = answer(named(text), told)
        assert [line for line in whole.splitlines() if parse(line, "revwright") is not None] == []


@given(text=texts)
@settings(max_examples=examples(20, search=200), deadline=None)
def test_what_programs_printed_and_a_patch_stay_code(text: str) -> None:
    ran = fixes.ran(output=text)
    patch = fixing.patch_text((Change(entry(text), diff_of(*(f"+{line}" for line in text.splitlines())), None),))
    report = fixing.report(
        fixes.checked(before=(ran,), after=(ran,)), None, ORIGIN, fixes.COST, delivered=fixing.offered(""), patch=patch
    )
    for told in (
        report,
        fixing.not_fixed(answers.setup_failed("make deps"), ORIGIN, fixes.COST, details=fixing.printed(text)),
    ):
        whole = answer(named(text), told)
        paragraph = FirstParagraph()(whole)
        assert paragraph is None or parse(paragraph, "revwright") is None
        assert not alive(whole), whole


def test_nothing_else_that_we_say_is_a_command() -> None:
    report = reports.passed()
    said = [
        summary_comment(report, ORIGIN, "<!-- m -->"),
        inline_comment(finding("F1"), {}, "<!-- m -->").body,
        review_body(1, "<!-- m -->"),
        fixed_reply(HEAD, ORIGIN),
        gone_reply(ORIGIN),
        still_there_reply(ORIGIN),
        round_question((finding("F1"),), ORIGIN, "<!-- m -->", rounds=1, person="revwright"),
    ]
    for text in said:
        paragraph = FirstParagraph()(text)
        assert paragraph is None or parse(paragraph, "revwright") is None, text


@pytest.mark.parametrize(
    ("standing", "told"),
    [
        (STANDING, "(open): **blocked by findings**"),
        (STANDING, "1 of 2 changed entries looked at"),
        (STANDING, "1 open, 1 of them blocking; 1 dismissed, 0 fixed"),
        (STANDING, "Rounds: 2 of 6"),
        (STANDING, "Spent on models: $0.50, of $2.00"),
        (STANDING, "A review is under way or in line"),
        (replace(STANDING, cap=None), "no cap"),
        (replace(STANDING, state=None), "**not reviewed yet**"),
        (replace(STANDING, row=None), "No review was ever asked for here"),
        (replace(STANDING, row=replace(ROW, paused=True)), "Reviews are **paused**"),
        (replace(STANDING, row=replace(ROW, dead=True)), "was given up"),
        (replace(STANDING, row=replace(ROW, error="oh")), "The last attempt ended with: oh"),
        (replace(STANDING, pull=replace(PULL, open=False)), "(closed)"),
        (replace(STANDING, pull=replace(PULL, draft=True)), "(draft)"),
        (replace(STANDING, pull=replace(PULL, head_sha=Sha("e" * 40))), f"Last review, at `{HEAD[:12]}`"),
    ],
)
def test_the_standing_in_words(standing: PullStanding, told: str) -> None:
    assert told in standing_words(standing)


def test_before_a_review_there_is_little_to_tell() -> None:
    bare = replace(STANDING, past=None, row=replace(ROW, done=2))

    assert "Findings" not in standing_words(bare)
    assert "under way" not in standing_words(bare)


def test_the_policy_in_words_has_the_source_of_each_value() -> None:
    three = ParsedPolicy(Policy(limits=LimitsPolicy(rounds=3)), {"limits.rounds": (2, 3)})
    told = policy_words(compose((Layer.of(Source.REPOSITORY, three),)), ())

    assert "| `limits.rounds` | `3` | repository |" in told
    assert "| `limits.usd_per_pull_request` | `2` | built-in |" in told
    assert "no say" not in told
    assert "- `x:1:1`: wrong" in policy_words(compose(()), ("x:1:1: wrong",))


def test_a_long_policy_is_cut() -> None:
    many = tuple(CoreRequirement((f"path-{number}/**",)) for number in range(90))
    parsed = ParsedPolicy(Policy(tiers=TierPolicy(core=many)), {"tiers.core": (2, 3)})
    told = policy_words(compose((Layer.of(Source.REPOSITORY, parsed),)), ())

    assert " more | | | |" in told
    assert len(told.splitlines()) == 81
