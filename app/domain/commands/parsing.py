"""Reads a command from the plain text of a comment's first paragraph.

The whole paragraph is the command: our handle, a verb, and what belongs to it. Whether the paragraph is one, and plain,
is for a Markdown parser to say (`ports.FirstParagraph`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from app.domain.commands.command import (
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
    Unknown,
)
from app.domain.commands.verbs import Verb
from app.domain.visible import is_hidden

_SPACE = "[ \t\n]"
_COMMIT = re.compile(r"(?=[0-9a-f]*[0-9])[0-9a-f]{7,64}|[0-9a-f]{40}", re.IGNORECASE | re.ASCII)
_NO_COMMITS = "A review is always of the pull request's newest head: leave the commit out."


def parse(paragraph: str, slug: str) -> Command | Unknown | None:
    """None when nothing is said to us. GitHub tells no `A` from `a` in a login; handle and verb are ASCII.

    What cannot be seen in or beside the handle or the verb makes it no command.
    """
    said = re.fullmatch(
        rf"@{re.escape(slug)}(?:{_SPACE}+([^ \t\n]+)(?:{_SPACE}+(.*))?)?{_SPACE}*",
        paragraph,
        re.IGNORECASE | re.ASCII | re.DOTALL,
    )
    if said is None:
        return None
    word, rest = said[1] or "", (said[2] or "").strip(" \t\n")
    if any(is_hidden(character) for character in word):
        return None
    verb = word.lower() if word.isascii() else ""
    return _READERS[Verb(verb)](rest) if verb in set(Verb) else Unknown()


def _review(rest: str) -> Command:
    first, _, focus = rest.partition(" ")
    full = first.lower() == "full"
    if any(_COMMIT.fullmatch(word) for word in rest.split()):
        return Malformed(Verb.REVIEW, _NO_COMMITS)
    return Review(full, focus.strip() if full else rest)


def _ask(rest: str) -> Command:
    return Ask(rest) if rest else Malformed(Verb.ASK, "Say what you want to know after `ask`.")


def _remember(rest: str) -> Command:
    return Remember(rest) if rest else Malformed(Verb.REMEMBER, "Say the rule after `remember`.")


def _alone(command: Command) -> Callable[[str], Command]:
    """Whatever follows such a verb changes nothing."""
    return lambda _: command


_READERS: Mapping[Verb, Callable[[str], Command]] = {
    Verb.REVIEW: _review,
    Verb.FIX: Fix,
    Verb.ASK: _ask,
    Verb.DISMISS: Dismiss,
    Verb.REOPEN: Reopen,
    Verb.STOP: _alone(Stop()),
    Verb.PAUSE: _alone(Pause()),
    Verb.RESUME: _alone(Resume()),
    Verb.STATUS: _alone(Status()),
    Verb.CONFIG: _alone(Config()),
    Verb.REMEMBER: _remember,
    Verb.HELP: _alone(Help()),
}


def verb_of(command: Command) -> Verb:
    """The verb that a command was said with."""
    return command.verb if isinstance(command, Malformed) else _VERBS[type(command)]


_VERBS: Mapping[type, Verb] = {
    Review: Verb.REVIEW,
    Fix: Verb.FIX,
    Ask: Verb.ASK,
    Dismiss: Verb.DISMISS,
    Reopen: Verb.REOPEN,
    Stop: Verb.STOP,
    Pause: Verb.PAUSE,
    Resume: Verb.RESUME,
    Status: Verb.STATUS,
    Config: Verb.CONFIG,
    Remember: Verb.REMEMBER,
    Help: Verb.HELP,
}
