"""The verbs of commands, and the least permission that each asks for."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from app.domain.policy import Policy
from app.domain.threads import Permission


class Verb(StrEnum):
    REVIEW = "review"
    FIX = "fix"
    ASK = "ask"
    DISMISS = "dismiss"
    REOPEN = "reopen"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    STATUS = "status"
    CONFIG = "config"
    REMEMBER = "remember"
    HELP = "help"


LEAST: Mapping[Verb, Permission] = MappingProxyType(
    {
        Verb.REVIEW: Permission.WRITE,
        Verb.FIX: Permission.WRITE,
        Verb.ASK: Permission.TRIAGE,
        Verb.DISMISS: Permission.WRITE,
        Verb.REOPEN: Permission.WRITE,
        Verb.STOP: Permission.WRITE,
        Verb.PAUSE: Permission.WRITE,
        Verb.RESUME: Permission.WRITE,
        Verb.STATUS: Permission.TRIAGE,
        Verb.CONFIG: Permission.WRITE,
        Verb.REMEMBER: Permission.WRITE,
        Verb.HELP: Permission.TRIAGE,
    }
)


FIX_AGAIN = Permission.MAINTAIN
"""What `fix --again` asks for: it goes against who took a commit of ours back."""


def needed(verb: Verb, policy: Policy) -> Permission:
    """What the verb asks for here: a policy can only ask for more."""
    known = {permission.value: permission for permission in Permission}
    asked = dict(policy.commands).get(verb.value)
    least = LEAST[verb]
    if asked is None:
        return least
    wanted = known.get(asked, Permission.ADMIN)  # a word that we do not know asks for everything
    return wanted if wanted.at_least(least) else least
