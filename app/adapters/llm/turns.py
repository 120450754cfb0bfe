"""What was said so far in words that a server can take, also one that takes no tools."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from app.adapters.llm import calls, wire
from app.adapters.llm.dialect import Dialect
from app.domain.model import Message, ModelRequest, Role, ToolCall

_LOST = ToolCall("", "_", "{}")


def sayable(request: ModelRequest, dialect: Dialect) -> tuple[Message, ...]:
    """The messages of a request, fit to be sent: encodable, and calls in a form that every server takes."""
    clean = (replace(message, text=wire.clean(message.text)) for message in request.messages)
    if not dialect.tells_calls(request):
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
    """Calls and their answers as one message of the user: some servers want the roles to alternate.

    Not as the assistant's own words, which a model would go on with instead of calling a tool.
    """
    made: dict[str, ToolCall] = {}
    told: list[str] = []
    for message in messages:
        if message.role is Role.TOOL:
            call = made.get(message.call_id, _LOST)
            told.append(f"You called the tool {call.name} with {wire.clean(call.arguments)}. It says:\n{message.text}")
        elif message.calls:
            made |= {call.id: replace(call, name=calls.said_name(call.name)) for call in message.calls}
            told += [f"You said: {message.text}"] if message.text else []
        else:
            if told:
                yield Message(Role.USER, "\n\n".join(told))
                told = []
            yield message
    if told:
        yield Message(Role.USER, "\n\n".join(told))
