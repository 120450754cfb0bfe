"""The GraphQL root: not simulated yet; a table of documents can take this place without touching the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.github.exchange import Reply

if TYPE_CHECKING:
    from tests.fakes.github.records import Call
    from tests.fakes.github.state import FakeGitHub


def answer(fake: FakeGitHub, call: Call, body: bytes) -> Reply:
    """Say that this is not simulated."""
    del fake, body
    call.operation_id = "graphql"
    return Reply(501, {"message": "GraphQL is not implemented by this stand-in"})
