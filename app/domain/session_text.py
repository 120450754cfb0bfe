"""A recorded review as people read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.domain.command_output import end_words
from app.domain.messages.counting import counted
from app.domain.model import Message
from app.domain.sandbox import CommandLimits
from app.domain.session import Failure, RecordedCall, RecordedCommand, Session, Trouble, in_order, label_key
from app.domain.session_diff import message_text

_RULE = "-" * 72


def overview(session: Session) -> Iterator[str]:
    """What was reviewed, each call, and each command. A message is shown where it is first sent, and later named."""
    header = session.header
    yield f"Recorded by Revwright {header.version}: {header.base} .. {header.head}"
    yield f"Models: {header.fast} (fast), {header.main} (main), {header.deep} (deep)"
    yield f"{counted(len(session.calls), 'call')}, {counted(len(session.commands), 'command')}"
    first: dict[Message, str] = {}
    for label in in_order(session.calls):
        call = session.calls[label]
        yield call_text(call, first)
        for message in call.question.messages:
            first.setdefault(message, label)
    for command in sorted(session.commands, key=lambda one: label_key(one.label)):
        yield _command(command)


def call_text(call: RecordedCall, first: dict[Message, str] | None = None) -> str:
    """One call. `first`: messages that were shown before, and for which call."""
    question, before = call.question, first or {}
    tools = ", ".join(tool.name for tool in question.tools) or "none"
    parts = [f"{_RULE}\n{call.label}\nmodel {question.model}; tools: {tools}"]
    parts += _messages(question.messages, before)
    parts.append(_outcome(call))
    return "\n\n".join(parts)


def _messages(messages: Iterable[Message], before: dict[Message, str]) -> Iterator[str]:
    for message in messages:
        if message in before:
            yield f"[{message.role}] {len(message.text):,} characters, as in {before[message]}"
        else:
            yield message_text(message)


def _outcome(call: RecordedCall) -> str:
    outcome = call.outcome
    if isinstance(outcome, Failure):
        return f"=> no answer ({outcome.kind}): {outcome.words}"
    calls = [f"-> {one.name} {one.arguments}" for one in outcome.calls]
    said = [outcome.text] if outcome.text else []
    tokens = f"{outcome.usage.input_tokens:,} tokens in, {outcome.usage.output_tokens:,} out"
    return "\n".join([f"=> {outcome.stop} ({tokens})", *said, *calls])


def _command(command: RecordedCommand) -> str:
    name = f"{_RULE}\n{command.label} ran at {command.commit[:10]}: {' '.join(command.argv)}"
    outcome = command.outcome
    if isinstance(outcome, Trouble):
        return f"{name}\nnot run: {outcome.words}"
    return f"{name}\n{end_words(outcome.ended, CommandLimits())}\n{outcome.output}".rstrip("\n")
