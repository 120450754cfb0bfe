"""A stand-in for a model provider over HTTP: both OpenAI APIs, any answer or failure, requests recorded."""

from tests.fakes.model.attackers import Hostile, Obedient
from tests.fakes.model.behaviours import AddedLine, Behaviour, Scripted, Step, Steps, added_lines, nothing, review
from tests.fakes.model.replies import (
    Answer,
    CutOff,
    Drip,
    Empty,
    Failed,
    Hang,
    Html,
    Malformed,
    NoUsage,
    RateLimited,
    Raw,
    Redirect,
    Refusal,
    Rejected,
    Reply,
    ServerError,
    Slow,
    ToolCall,
    Usage,
)
from tests.fakes.model.reviewer import Reviewer, claim, confirm, reject
from tests.fakes.model.schemas import FINDINGS_SCHEMA
from tests.fakes.model.seen import Exchange, Seen
from tests.fakes.model.server import FakeModel

__all__ = [
    "FINDINGS_SCHEMA",
    "AddedLine",
    "Answer",
    "Behaviour",
    "CutOff",
    "Drip",
    "Empty",
    "Exchange",
    "Failed",
    "FakeModel",
    "Hang",
    "Hostile",
    "Html",
    "Malformed",
    "NoUsage",
    "Obedient",
    "RateLimited",
    "Raw",
    "Redirect",
    "Refusal",
    "Rejected",
    "Reply",
    "Reviewer",
    "Scripted",
    "Seen",
    "ServerError",
    "Slow",
    "Step",
    "Steps",
    "ToolCall",
    "Usage",
    "added_lines",
    "claim",
    "confirm",
    "nothing",
    "reject",
    "review",
]
