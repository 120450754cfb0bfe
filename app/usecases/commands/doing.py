"""From a command to what does it."""

from __future__ import annotations

from typing import assert_never

from app.domain.commands import (
    Ask,
    Command,
    Config,
    Dismiss,
    Fix,
    Help,
    Malformed,
    Pause,
    Remember,
    Reopen,
    Resume,
    Review,
    Status,
    Stop,
)
from app.domain.inert import phrase
from app.usecases.commands.asking import ask
from app.usecases.commands.findings import settle
from app.usecases.commands.fixing import fix
from app.usecases.commands.remembering import remember
from app.usecases.commands.reviews import order, review
from app.usecases.commands.scene import Answer, Scene
from app.usecases.commands.telling import tell


async def do(scene: Scene, command: Command) -> Answer:
    """Does it, and says what was done or why not."""
    match command:
        case Malformed():
            return Answer(phrase(command.why, limit=200), done=False)
        case Help() | Status() | Config():
            return await tell(scene, command)
        case Review():
            return await review(scene, command)
        case Stop() | Pause() | Resume():
            return await order(scene, command)
        case Dismiss() | Reopen():
            return await settle(scene, command)
        case Remember():
            return await remember(scene, command)
        case Fix():
            return await fix(scene, command)
        case Ask():
            return await ask(scene, command)
    assert_never(command)
