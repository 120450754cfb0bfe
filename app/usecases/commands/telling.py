"""`status`, `config` and `help`: what is known, without a model and without a change."""

from __future__ import annotations

from typing import assert_never

from app.domain.commands import Config, Help, Status
from app.domain.commands.standing import PullStanding
from app.domain.commands.verbs import Verb, needed
from app.domain.messages import commands as words
from app.domain.messages.config import policy_words
from app.domain.messages.standing import standing_words
from app.domain.money import caps_for
from app.usecases.commands.scene import Answer, Scene


async def tell(scene: Scene, command: Status | Config | Help) -> Answer:
    match command:
        case Status():
            return await _status(scene)
        case Config():
            return _config(scene)
        case Help():
            return await _help(scene)
    assert_never(command)


async def _status(scene: Scene) -> Answer:
    parts, pull = scene.parts, scene.pull
    spent = await parts.purse.spent(pull.ref)
    standing = PullStanding(
        pull=pull,
        state=await parts.heads.state(pull.ref, pull.head_sha),
        row=await parts.ledger.read(scene.review),
        past=await parts.past.recall(pull.ref),
        spent=spent.pull_request,
        cap=caps_for(scene.policy.limits, parts.deployment_caps).pull_request,
        rounds=scene.policy.limits.rounds,
        block_at=scene.policy.review.block_at,
    )
    return Answer(standing_words(standing))


def _config(scene: Scene) -> Answer:
    return Answer(policy_words(scene.effective, scene.problems))


async def _help(scene: Scene) -> Answer:
    permissions = {verb: needed(verb, scene.policy).value for verb in Verb}
    return Answer(words.help_text(await scene.parts.own_name.slug(), permissions))
