"""Who has approved what after which events: a policy, the first push, what happens then, and what the gate says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.gate.decision import COMMITS_UNREAD, GateDecision, Refused, Why, decide
from app.domain.gate.reviews import Person, ReviewState
from tests.gate_stage import Stage, told

CASES = [
    # Nothing core, nothing to wait for.
    ("none", "readme=2", "", "met"),
    ("strict", "readme=2", "", "met"),
    ("strict", "db=2", "", "met"),
    ("strict", "readme=2", "many", "met"),
    ("strict", "readme=2", "bob- ghost+", "met"),
    # Who may approve.
    ("strict", "auth=2", "", "0/1"),
    ("strict", "auth=2", "bob+", "met"),
    ("strict", "auth=2", "carol+", "met"),
    ("strict", "auth=2", "bob+ carol+", "met"),
    ("strict", "auth=2", "ann+", "0/1 ann:AUTHOR"),
    ("strict", "auth=2", "dave+", "0/1 dave:NOT_ELIGIBLE"),
    ("strict", "auth=2", "eve+", "0/1 eve:NOT_ELIGIBLE"),
    ("strict", "auth=2", "bot+", "0/1 bot:BOT"),
    ("strict", "auth=2", "ghost+", "0/1 ghost:GHOST"),
    ("strict", "auth=2", "ghost+ ghost+ ann+", "0/1 ghost:GHOST ann:AUTHOR"),
    ("strict", "auth=2", "sec:ann,bob ann+", "0/1 ann:AUTHOR"),
    ("strict", "auth=2", "sec:bot bot+", "0/1 bot:BOT"),
    ("strict", "auth=2", "dave+ bob+", "met"),
    ("strict", "auth=2", "by:bob bob+", "0/1 bob:COMMIT_AUTHOR"),
    ("strict", "auth=2", "bob+ by:bob", "0/1 bob:COMMIT_AUTHOR"),
    ("strict", "auth=2", "by:bob bob+ carol+", "met"),
    ("strict", "auth=2", "for:bob bob+", "0/1 bob:REQUESTER"),
    ("strict", "auth=2", "bob+ for:bob", "0/1 bob:REQUESTER"),
    ("strict", "auth=2", "for:bob bob+ carol+", "met"),
    ("strict", "auth=2", "by:dave for:eve bob+", "met"),
    ("strict", "auth=2", "by:bob for:carol bob+ carol+", "0/1 bob:COMMIT_AUTHOR carol:REQUESTER"),
    # Permissions and membership as they are now.
    ("strict", "auth=2", "bob=read bob+", "0/1 bob:NO_WRITE"),
    ("strict", "auth=2", "bob+ bob=read", "0/1 bob:NO_WRITE"),
    ("strict", "auth=2", "bob+ bob=triage", "0/1 bob:NO_WRITE"),
    ("strict", "auth=2", "bob+ bob=none", "0/1 bob:NO_WRITE"),
    ("strict", "auth=2", "bob+ bob=read bob=write", "met"),
    ("strict", "auth=2", "bob+ bob=maintain", "met"),
    ("strict", "auth=2", "bob+ bob=admin", "met"),
    ("strict", "auth=2", "sec:carol bob+", "0/1 bob:NOT_ELIGIBLE"),
    ("strict", "auth=2", "bob+ sec:carol", "0/1 bob:NOT_ELIGIBLE"),
    ("strict", "auth=2", "sec:carol bob+ sec:bob", "met"),
    ("strict", "auth=2", "sec: bob+", "0/1 bob:NOT_ELIGIBLE"),
    ("strict", "auth=2", "bob+ sec:?", "0/1 bob:TEAM_UNREAD"),
    ("two", "auth=2", "sec:? dave+ bob+", "dave 1/2 bob:TEAM_UNREAD"),
    ("strict", "auth=2", "sec:eve eve+", "0/1 eve:NO_WRITE"),
    ("strict", "auth=2", "sec:eve eve+ eve=write", "met"),
    # Accounts are numbers; logins are only shown.
    ("strict", "auth=2", "bob+ call:bob=bobby", "met"),
    ("two", "auth=2", "bob+ call:bob=bobby bob+", "bobby 1/2"),
    ("two", "auth=2", "dave+ bob+", "met"),
    ("two", "auth=2", "name:dave=7 dave+ bob+", "bob 1/2 dave:NOT_ELIGIBLE"),
    ("two", "auth=2", "name:dave= dave+ bob+", "bob 1/2 dave:NOT_ELIGIBLE"),
    ("two", "auth=2", "name:dave=5 eve=write eve+ bob+", "met"),
    ("two", "auth=2", "call:eve=dave eve=write eve+ bob+", "bob 1/2 dave:NOT_ELIGIBLE"),
    ("two", "auth=2", "name:dave=1 ann+ bob+", "bob 1/2 ann:AUTHOR"),
    # How many.
    ("two", "auth=2", "bob+", "bob 1/2"),
    ("two", "auth=2", "bob+ bob+", "bob 1/2"),
    ("two", "auth=2", "bob+ carol+", "met"),
    ("two", "auth=2", "bob+ dave+ carol+", "met"),
    ("two", "auth=2", "bob+ carol-", "bob 1/2 carol:CHANGES_REQUESTED"),
    ("two", "auth=2", "name:dave=2 bob+", "bob 1/2"),
    # The newest opinion of each person.
    ("strict", "auth=2", "bob-", "0/1 bob:CHANGES_REQUESTED"),
    ("strict", "auth=2", "bob~", "0/1 bob:COMMENTED"),
    ("strict", "auth=2", "bob?", "0/1"),
    ("strict", "auth=2", "bob+ bob~", "met"),
    ("strict", "auth=2", "bob+ bob?", "met"),
    ("strict", "auth=2", "bob~ bob+", "met"),
    ("strict", "auth=2", "bob+ bob-", "0/1 bob:CHANGES_REQUESTED"),
    ("strict", "auth=2", "bob- bob+", "met"),
    ("strict", "auth=2", "bob+ bob- bob+", "met"),
    ("strict", "auth=2", "bob+ bob- bob~", "0/1 bob:CHANGES_REQUESTED"),
    ("strict", "auth=2", "bob+ bob!", "0/1 bob:DISMISSED"),
    ("strict", "auth=2", "bob+ bob! bob~", "0/1 bob:DISMISSED"),
    ("strict", "auth=2", "bob+ bob! bob+", "met"),
    ("strict", "auth=2", "bob+ bob+ bob!", "0/1 bob:DISMISSED"),
    ("strict", "auth=2", "bob- bob!", "0/1 bob:DISMISSED"),
    ("strict", "auth=2", "bob+ bob- bob!", "0/1 bob:DISMISSED"),
    ("strict", "auth=2", "bob+ bob!  carol+", "met"),
    ("strict", "auth=2", "bob+ carol-", "met"),
    # Pushes.
    ("strict", "auth=2", "bob+ readme=2", "met"),
    ("strict", "auth=2", "bob+ db=2", "met"),
    ("strict", "auth=2", "bob+ auth=3", "0/1 bob:NEW_CONTENT"),
    ("strict", "auth=2", "bob+ auth=x2", "0/1 bob:NEW_CONTENT"),
    ("strict", "auth=2", "bob+ auth=l2", "0/1 bob:NEW_CONTENT"),
    ("strict", "auth=2", "bob+ auth=m2", "0/1 bob:NEW_CONTENT"),
    ("strict", "auth=2", "bob+ auth=", "0/1 bob:NEW_CONTENT"),
    ("strict", "auth=2", "bob+ key=2", "0/1 bob:NEW_CONTENT"),
    ("strict", "auth=2", "bob+ key=", "0/1 bob:NEW_CONTENT"),
    ("strict", "auth=2", "bob+ auth=3 bob+", "met"),
    ("strict", "auth=2", "bob+ auth=3 bob~", "0/1 bob:NEW_CONTENT"),
    ("strict", "auth=2", "bob+ auth=3 readme=2 auth=2", "met"),
    ("strict", "auth=2", "bob+ auth=3 back:0", "met"),
    ("strict", "auth=2", "auth=3 bob+ back:0", "0/1 bob:NEW_CONTENT"),
    ("strict", "auth=2", "bob+ auth=1", "met"),
    ("strict", "auth=2,key=2", "bob+ key=1", "met"),
    ("strict", "auth=2,key=2", "bob+ key=1 key=2", "met"),
    ("strict", "auth=2,key=2", "bob+ key=1 key=3", "0/1 bob:NEW_CONTENT"),
    ("strict", "auth=2", "bob+ readme=2 forget:0", "0/1 bob:COMMIT_UNKNOWN"),
    ("strict", "auth=2", "bob+ forget:0", "met"),
    ("strict", "auth=2", "bob+ readme=2 carol+ forget:0", "met"),
    ("strict", "auth=2", "bob+ base:readme=3", "met"),
    ("strict", "auth=2", "bob+ base:auth=3 auth=2", "0/1 bob:NEW_CONTENT"),
    ("two", "auth=2", "bob+ auth=3 carol+", "carol 1/2 bob:NEW_CONTENT"),
    ("two", "auth=2", "bob+ auth=3 carol+ auth=2", "bob 1/2 carol:NEW_CONTENT"),
    ("two", "auth=2", "bob+ readme=2 carol+", "met"),
    ("two", "auth=2", "bob+ readme=2 carol+ auth=3", "0/2 bob:NEW_CONTENT carol:NEW_CONTENT"),
    ("strict", "auth=2", "bob+ auth=3 bob!", "0/1 bob:DISMISSED"),
    ("strict", "auth=2", "bob+ many", "0/1 bob:COMMITS_UNREAD"),
    # Another base, another policy.
    ("none", "auth=2", "policy:strict", "0/1"),
    ("none", "auth=2", "bob+ policy:strict", "met"),
    ("none", "auth=2", "dave+ policy:strict", "0/1 dave:NOT_ELIGIBLE"),
    ("strict", "auth=2", "policy:none", "met"),
    ("strict", "auth=2", "bob+ policy:two", "bob 1/2"),
    ("two", "auth=2", "dave+ policy:strict", "0/1 dave:NOT_ELIGIBLE"),
    ("none", "auth=2", "bob+ onto:strict", "0/1 bob:RETARGETED"),
    ("none", "auth=2", "bob+ onto:strict bob+", "met"),
    ("none", "auth=2", "bob+ onto:strict bob~", "0/1 bob:RETARGETED"),
    ("strict", "auth=2", "bob+ onto:two bob- bob+ carol+", "met"),
    ("strict", "auth=2", "onto:none", "met"),
    ("strict", "auth=2", "bob+ onto:none onto:strict", "0/1 bob:RETARGETED"),
    ("strict", "auth=2", "onto:two bob+ readme=2 carol+", "met"),
    # CODEOWNERS, and what is core without any policy.
    ("none", "flow=2", "", "0/1"),
    ("none", "flow=2", "bob+", "met"),
    ("none", "flow=2", "dave+", "met"),
    ("none", "flow=2", "ann+", "0/1 ann:AUTHOR"),
    ("none", "flow=2", "dave+ flow=3", "0/1 dave:NEW_CONTENT"),
    ("none", "flow=2", "dave+ readme=2", "met"),
    ("none", "flow=2", "eve=write eve+", "0/1 eve:NOT_ELIGIBLE"),
    ("owned", "db=2", "dave+", "0/1 dave:NOT_ELIGIBLE"),
    ("owned", "db=2", "carol+", "met"),
    ("owned", "auth=2", "dave+", "met"),
    ("owned", "auth=2", "eve+", "0/1 eve:NO_WRITE"),
    ("owned", "auth=2", "eve=write eve+", "met"),
    ("owned", "auth=2", "bot+", "0/1 bot:BOT"),
    ("owned", "auth=2,db=2", "dave+", "dave 1/1 | 0/1 dave:NOT_ELIGIBLE"),
    ("owned", "auth=2,db=2", "carol+", "met"),
    ("owned", "auth=2,db=2", "carol+ db=3", "carol 1/1 | 0/1 carol:NEW_CONTENT"),
    (
        "owned",
        "auth=2,db=2",
        "carol+ db=3 auth=3 dave+",
        "dave 1/1 carol:NEW_CONTENT | 0/1 carol:NEW_CONTENT dave:NOT_ELIGIBLE",
    ),
    # Several requirements at once.
    ("strict", "auth=2,flow=2", "bob+", "met"),
    ("strict", "auth=2,flow=2", "dave+", "0/1 dave:NOT_ELIGIBLE | dave 1/1"),
    ("strict", "auth=2,flow=2", "dave+ bob+", "met"),
    ("strict", "auth=2,flow=2", "bob+ auth=3", "0/1 bob:NEW_CONTENT | bob 1/1"),
    ("strict", "auth=2,flow=2", "bob+ auth=3 carol+", "met"),
    ("both", "auth=2", "", "0/1 | 0/2"),
    ("both", "auth=2", "dave+", "dave 1/1 | dave 1/2"),
    ("both", "auth=2", "dave+ bob+", "met"),
    ("both", "auth=2", "bob+ carol+", "0/1 bob:NOT_ELIGIBLE carol:NOT_ELIGIBLE | bob,carol 2/2"),
    ("both", "key=2", "dave+", "met"),
    ("both", "db=2", "carol+ dave+", "carol 1/2 dave:NOT_ELIGIBLE"),
]


@pytest.mark.parametrize(("policy", "first", "steps", "expected"), CASES, ids=lambda part: part or "-")
def test_after_these_events(policy: str, first: str, steps: str, expected: str) -> None:
    assert told(Stage.of(policy, first).play(steps).decide()) == expected


def test_nothing_to_wait_for_is_met_without_requirements() -> None:
    assert Stage.of("strict", "readme=2").decide() == GateDecision(met=True, requirements=())


def test_reviews_of_one_moment_stand_in_the_order_of_their_ids() -> None:
    stage = Stage.of("strict", "auth=2").play("bob+ bob-")
    first, second = stage.reviews
    together = replace(second, submitted_at=first.submitted_at)

    assert not decide(stage.requirements, [together, first], stage.facts).met
    assert decide(stage.requirements, [replace(together, id=0), first], stage.facts).met


def test_two_logins_with_one_id_are_one_person() -> None:
    stage = Stage.of("two", "auth=2").play("bob+ carol+")
    one = [replace(review, author=Person(2, f"name{review.id}")) for review in stage.reviews]

    (state,) = decide(stage.requirements, one, stage.facts).requirements
    assert [person.login for person in state.counted] == ["name2"]
    assert state.missing == 1


def test_an_account_that_ever_reviewed_as_a_bot_stays_one() -> None:
    stage = Stage.of("strict", "auth=2").play("bob~ bob+")
    stage.reviews[0] = replace(stage.reviews[0], human=False)

    assert told(stage.decide()) == "0/1 bob:BOT"


def test_too_many_commits_stop_everybody_and_say_why() -> None:
    decision = Stage.of("strict", "auth=2").play("bob+ many").decide()

    assert not decision.met
    assert decision.problem == COMMITS_UNREAD
    assert Stage.of("strict", "auth=2").play("bob+").decide().problem == ""


def test_an_author_whose_account_is_gone_keeps_nobody_from_approving() -> None:
    stage = Stage.of("strict", "auth=2").play("bob+")

    assert decide(stage.requirements, stage.reviews, replace(stage.facts, author=None)).met


def test_a_review_of_a_commit_that_github_forgot_does_not_count() -> None:
    stage = Stage.of("strict", "auth=2").play("bob+")
    lost = replace(stage.reviews[0], commit=None)

    (state,) = decide(stage.requirements, [lost], stage.facts).unmet
    assert state.refused == (Refused(Person(2, "bob"), Why.COMMIT_UNKNOWN),)


@pytest.mark.parametrize(
    ("steps", "saw_head"),
    [
        ("bob+ auth=3", False),
        ("bob+ auth=3 bob~", True),
        ("bob+ auth=3 bob?", False),
        ("bob+ onto:strict", False),
        ("bob+ onto:strict bob~", True),
        ("bob-", True),
        ("ghost+", True),
    ],
)
def test_who_has_seen_the_head_is_known(steps: str, *, saw_head: bool) -> None:
    (state,) = Stage.of("strict", "auth=2").play(steps).decide().requirements
    assert [refused.saw_head for refused in state.refused] == [saw_head]


def test_every_state_is_an_opinion_or_changes_nothing() -> None:
    assert {state.name for state in ReviewState if not state.is_opinion} == {"COMMENTED", "PENDING"}
