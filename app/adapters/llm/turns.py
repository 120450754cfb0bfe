"""What was said so far in words that a server can take, also one that takes no tools."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from app.adapters.llm import calls, wire
from app.adapters.llm.dialect import Dialect
from app.domain.model import Message, ModelRequest, Role, ToolCall


def sayable(request: ModelRequest, dialect: Dialect) -> tuple[Message, ...]:
    """The messages of a request, fit to be sent: encodable, and calls in a form that every server takes."""
    clean = (replace(message, text=wire.clean(message.text)) for message in request.messages)
    if not dialect.tools:
        return tuple(_in_words(clean))
    return tuple(
        replace(
            message,
            calls=tuple(
                ToolCall(calls.said_id(call.id), calls.said_name(call.name), calls.said_arguments(call.arguments))
                for call in message.calls
            ),
            call_id=calls.said_id(message.call_id) if message.role is Role.TOOL else "",
        )
        for message in clean
    )


def _in_words(messages: Iterator[Message]) -> Iterator[Message]:
    """Calls and answers as text. Answers in a row become one message: some servers want the roles to alternate."""
    named: dict[str, str] = {}
    answers: list[str] = []
    for message in messages:
        if message.role is Role.TOOL:
            answers.append(f"The tool {named.get(message.call_id, '_')} says:\n{message.text}")
            continue
        if answers:
            yield Message(Role.USER, "\n\n".join(answers))
            answers = []
        named |= {call.id: calls.said_name(call.name) for call in message.calls}
        lines = [f"Call of the tool {named[call.id]}: {wire.clean(call.arguments)}" for call in message.calls]
        yield Message(message.role, "\n".join([message.text, *lines] if message.text else lines))
    if answers:
        yield Message(Role.USER, "\n\n".join(answers))
