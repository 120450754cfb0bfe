"""What people say and press, as a note for the job of commands, or why it is none."""

from __future__ import annotations

import hashlib
from typing import assert_never

from app.domain.commands.asked import Pressed, Said, Settled, Who, encode
from app.domain.events import Account, CheckAsked, Commented, ThreadSettled
from app.domain.row import Note

TRIGGER = "command"


def asked(event: Commented | CheckAsked | ThreadSettled) -> Note | str:
    """The note, or our words for why nothing is asked.

    Its id names the thing that happened, so that a second delivery of it is no second wish. GitHub gives buttons and
    settled conversations no id: such a wish is one until it is done.
    """
    if not event.sender.person:
        return "it was done by a bot or an App"
    match event:
        case Commented():
            return _comment(event)
        case CheckAsked():
            pressed = Pressed(event.app_id, event.head, event.external_id, event.button, event.also, _who(event.sender))
            return _note("pressed", encode(pressed))
        case ThreadSettled():
            return _note("settled", encode(Settled(event.thread, event.resolved, _who(event.sender))))
    assert_never(event)


def _comment(event: Commented) -> Note | str:
    if event.author is None or event.author.id != event.sender.id or not event.author.person:
        return "the comment is not by the one who sent it"
    if event.by_app:
        return "the comment was written through an App"
    if not event.addressed:
        return "the comment is addressed to nobody"
    said = Said(event.comment, event.thread, _who(event.author))
    kind = "comment" if event.thread is None else "answer"
    return Note(f"{kind}:{event.comment}", encode(said))


def _note(kind: str, text: str) -> Note:
    return Note(f"{kind}:{hashlib.sha256(text.encode()).hexdigest()[:24]}", text)


def _who(account: Account) -> Who:
    return Who(account.id, account.login)
