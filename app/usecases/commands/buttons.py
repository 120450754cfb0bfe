"""Buttons of our checks and GitHub's own "Re-run": the same authority and the same effects as commands."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from app.domain.commands import Fix, Review
from app.domain.commands.asked import Pressed
from app.domain.commands.buttons import Button
from app.domain.memory import FindingState
from app.domain.messages import commands as words
from app.domain.pull_request import PullRequest
from app.domain.row import Wish
from app.usecases.commands.fixing import fix
from app.usecases.commands.reviews import review
from app.usecases.commands.scene import Answer, Parts, Scene


def is_ours(parts: Parts, pull: PullRequest, pressed: Pressed) -> bool:
    """Whether it is about a check of our own App on the head that the pull request has now."""
    named = f"{pull.ref}:{pressed.head}"
    return (
        pressed.app_id == parts.app_id
        and pull.head_sha == pressed.head
        and (pressed.external_id == named or (not pressed.external_id and not pressed.button))
    )


async def press(scene: Scene, pressed: Pressed, button: Button) -> Answer | None:
    """None where the check itself shows what comes of it."""
    match button:
        case Button.FIX:
            return await fix(scene, Fix(""))
        case Button.REVIEW:
            answer = await review(scene, Review(full=False, focus=""))
            await _others(scene, pressed)
            return None if answer.done else answer
        case Button.HUMAN:
            return await _human(scene)
    assert_never(button)


async def _others(scene: Scene, pressed: Pressed) -> None:
    """Further pull requests with this head, whose checks are the same ones."""
    for number in pressed.also:
        ref = replace(scene.pull.ref, number=number)
        pull = await scene.parts.pull_requests.read(ref, scene.pull.repository)
        if pull.open and pull.head_sha == pressed.head:
            await replace(scene, pull=pull).look_again(Wish.AGAIN)


async def _human(scene: Scene) -> Answer:
    past = await scene.parts.past.recall(scene.pull.ref)
    block_at = scene.policy.review.block_at
    is_open = [known.finding for known in (past.findings if past else ()) if known.state is FindingState.OPEN]
    blocking = tuple((one.id, one.title) for one in is_open if one.severity.at_least(block_at))
    return Answer(words.human_asked(blocking, person=scene.pull.author))
