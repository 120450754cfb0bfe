"""The GraphQL root: documents are executed against GitHub's own schema, over the stand-in's state.

A document that the schema does not allow, a field that is not simulated, and a text that stands in the document instead
of its variables are violations: the test that sends them fails.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    StringValueNode,
    Visitor,
    build_schema,
    execute_sync,
    parse,
    validate,
    visit,
)

from tests.fakes.github.auth import InstallationCaller, actor_from_authorization
from tests.fakes.github.errors import GitHubError
from tests.fakes.github.exchange import Reply
from tests.fakes.github.graphql_answers import resolve, root
from tests.fakes.github.graphql_pages import Refusal
from tests.fakes.github.openapi import ContractViolation

if TYPE_CHECKING:
    from tests.fakes.github.records import Call, JsonObject
    from tests.fakes.github.state import FakeGitHub

SCHEMA: Final = Path(__file__).parent / "graphql_schema" / "github.graphql"
_POINTS: Final = 5000
_OPERATION: Final = "graphql"


def answer(fake: FakeGitHub, call: Call, headers: Mapping[str, str], body: bytes) -> Reply:
    """Answer a request as GitHub would; one that breaks the contract is recorded and answered with 500."""
    with fake.lock:
        call.operation_id = _OPERATION
        try:
            call.body = json.loads(body)
            actor = actor_from_authorization(fake, headers.get("authorization"))
            call.authorization = actor.kind
            if isinstance(actor, InstallationCaller):
                call.token_permissions = dict(actor.token.permissions)
            document = _document(call.body)
            call.operation_id = f"{_OPERATION}/{_name(document)}"
            result = execute_sync(
                _schema(),
                document,
                root_value=root(fake, actor),
                variable_values=call.body.get("variables"),
                field_resolver=resolve,
            )
            reply = Reply(body=_told(result))
        except json.JSONDecodeError:
            reply = Reply(400, {"message": "Problems parsing JSON"})
        except GitHubError as error:
            reply = Reply(error.status, error.body)
        except ContractViolation as violation:
            fake.violations.append(violation)
            reply = Reply(500, {"message": f"Contract violation: {violation}"})
        return Reply(reply.status, reply.body, _limits(fake))


def _document(body: Any) -> DocumentNode:
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise ContractViolation(_OPERATION, "body", "has no query")
    try:
        document = parse(body["query"])
    except GraphQLSyntaxError as error:
        raise ContractViolation(_OPERATION, "document", error.message) from None
    problems = validate(_schema(), document)
    if problems:
        raise ContractViolation(_OPERATION, "document", "; ".join(error.message for error in problems))
    texts = _Texts()
    visit(document, texts)
    if texts.found:
        raise ContractViolation(_OPERATION, "document", f"texts belong into variables: {texts.found}")
    return document


class _Texts(Visitor):
    """Collects the texts that a document holds itself: there what somebody wrote could become part of the question."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.found: list[str] = []

    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        """One text."""
        self.found.append(node.value)


def _name(document: DocumentNode) -> str:
    names = [one.name.value for one in document.definitions if isinstance(one, OperationDefinitionNode) and one.name]
    return names[0] if names else ""


def _told(result: ExecutionResult) -> JsonObject:
    told: JsonObject = {"data": result.data}
    if result.errors:
        told["errors"] = [_error(one) for one in result.errors]
    return told


def _error(error: GraphQLError) -> JsonObject:
    """GitHub puts the type beside the message. What no resolver refused is a mistake of who asked."""
    cause = error.original_error
    if not isinstance(cause, Refusal):
        raise ContractViolation(_OPERATION, "answer", f"{type(cause).__name__}: {error.message}")
    return {"type": cause.type, **error.formatted}


@cache
def _schema() -> GraphQLSchema:
    return build_schema(SCHEMA.read_text(encoding="utf-8"))


def _limits(fake: FakeGitHub) -> dict[str, str]:
    """GraphQL counts points of its own."""
    return {
        "x-ratelimit-limit": str(_POINTS),
        "x-ratelimit-remaining": str(_POINTS - 1),
        "x-ratelimit-used": "1",
        "x-ratelimit-reset": str(int(fake.now().timestamp()) + 3600),
        "x-ratelimit-resource": "graphql",
    }
