"""Check requests and replies against GitHub's own description of its REST API."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

DESCRIPTION: Final = Path(__file__).parent / "openapi" / "github.json.gz"
ROOT: Final = "/api/v3"

# Parameters that may hold slashes, or that callers may leave unescaped as GitHub allows.
_SPANNING: Final = frozenset({"path", "ref", "branch", "basehead"})
# GitHub answers 422 when these are exceeded. Such a request is well formed, so the stand-in answers it too.
_LIMITS: Final = frozenset({"maxItems", "maxLength"})
_ERROR_SCHEMAS: Final = ("basic-error", "validation-error", "validation-error-simple")
_FIRST_ERROR_STATUS: Final = 400

# JSON that nothing has validated yet.
Json = Any


class ContractViolation(Exception):
    """A request or reply that GitHub's description does not allow."""

    def __init__(self, operation: str, where: str, reason: str) -> None:
        """Name the operation, the place in the message, and what is wrong there."""
        super().__init__(f"{operation}: {where}: {reason}")
        self.operation = operation
        self.where = where
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the description, with the values its path parameters had."""

    id: str
    template: str
    path_parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Route:
    pattern: re.Pattern[str]
    template: str
    description: Json


@dataclass(frozen=True)
class OpenAPI:
    """GitHub's description, reduced to the operations a pull request bot calls."""

    document: Json
    _routes: dict[str, list[_Route]] = field(default_factory=dict)
    _validators: dict[str, Draft202012Validator] = field(default_factory=dict)

    @classmethod
    def load(cls) -> OpenAPI:
        """The description beside this module; loaded once."""
        return _load()

    def __post_init__(self) -> None:
        """Build one routing table for each method, the most literal paths first."""
        for template in sorted(self.document["paths"], key=_specificity):
            for method, description in self.document["paths"][template].items():
                self._routes.setdefault(method.upper(), []).append(_Route(_pattern(template), template, description))

    def match(self, method: str, path: str) -> Operation:
        """The operation that a request means; an unknown one is a violation."""
        route, found = self._find(method, path)
        values = {name: unquote(value) for name, value in found.groupdict().items()}
        return Operation(route.description["operationId"], route.template, values)

    def check_request(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Json = None
    ) -> Operation:
        """Raise if GitHub's description does not allow this request."""
        route, found = self._find(method, path)
        operation = self.match(method, path)
        self._check_parameters(route, operation, query or {})
        described = self._resolved(route.description.get("requestBody", {}))
        content = described.get("content", {}).get("application/json")
        if body is None:
            if described.get("required", False) and content is not None:
                raise ContractViolation(operation.id, "body", "is required")
        elif content is None:
            raise ContractViolation(operation.id, "body", "this operation takes none")
        else:
            self._check(
                operation.id,
                "body",
                body,
                f"{found.re.pattern} {method} request",
                content["schema"],
                closed=True,
            )
        return operation

    def check_response(self, method: str, path: str, status: int, body: Json = None) -> None:
        """Raise if GitHub's description does not allow this reply."""
        route, found = self._find(method, path)
        name = route.description["operationId"]
        described = self._resolved(route.description["responses"].get(str(status), {}))
        content = described.get("content", {}).get("application/json")
        where = f"reply {status}"
        if content is not None:
            self._check(name, where, body, f"{found.re.pattern} {method} {status}", content["schema"])
        elif status >= _FIRST_ERROR_STATUS:
            # Nearly every operation can answer errors that its description does not list.
            errors = {"anyOf": [{"$ref": f"#/components/schemas/{schema}"} for schema in _ERROR_SCHEMAS]}
            self._check(name, where, body, "errors", errors)
        elif str(status) not in route.description["responses"]:
            raise ContractViolation(name, where, "this operation does not answer with this status")
        elif body is not None:
            raise ContractViolation(name, where, "this operation answers without a body")

    def _find(self, method: str, path: str) -> tuple[_Route, re.Match[str]]:
        plain = path.removeprefix(ROOT)
        for route in self._routes.get(method.upper(), ()):
            if found := route.pattern.fullmatch(plain):
                return route, found
        raise ContractViolation("unknown operation", f"{method.upper()} {plain}", "not in GitHub's description")

    def _resolved(self, node: Json) -> Json:
        while "$ref" in node:
            section, name = node["$ref"].removeprefix("#/components/").split("/")
            node = self.document["components"][section][name]
        return node

    def _check_parameters(self, route: _Route, operation: Operation, query: Mapping[str, str]) -> None:
        described = [self._resolved(parameter) for parameter in route.description.get("parameters", ())]
        names = {parameter["name"] for parameter in described if parameter["in"] == "query"}
        for name in query:
            if name not in names:
                raise ContractViolation(operation.id, f"query {name}", "is not a parameter of this operation")
        for parameter in described:
            given = {"query": query, "path": operation.path_parameters}.get(parameter["in"], {})
            name = parameter["name"]
            where = f"{parameter['in']} {name}"
            if name in given:
                value = _from_text(given[name], parameter["schema"])
                self._check(operation.id, where, value, f"{route.template} {where}", parameter["schema"])
            elif parameter.get("required", False) and parameter["in"] in ("path", "query"):
                raise ContractViolation(operation.id, where, "is required")

    def _check(self, operation: str, where: str, value: Json, key: str, schema: Json, *, closed: bool = False) -> None:
        validator = self._validators.get(key)
        if validator is None:
            whole = {**(_closed(schema) if closed else schema), "components": self.document["components"]}
            validator = self._validators[key] = Draft202012Validator(whole)
        error = best_match(validator.iter_errors(value))
        if error is not None:
            reason = error.message if len(error.message) <= 300 else f"{error.message[:150]} ... {error.message[-150:]}"
            raise ContractViolation(operation, f"{where} {error.json_path}", reason)


@cache
def _load() -> OpenAPI:
    return OpenAPI(json.loads(gzip.decompress(DESCRIPTION.read_bytes())))


def _specificity(template: str) -> tuple[int, int, str]:
    segments = template.split("/")
    literal = sum(not segment.startswith("{") for segment in segments)
    return (-literal, -len(segments), template)


def _pattern(template: str) -> re.Pattern[str]:
    parts: Iterable[str] = re.split(r"(\{[^}]+\})", template)
    return re.compile("".join(_parameter(part[1:-1]) if part.startswith("{") else re.escape(part) for part in parts))


def _parameter(name: str) -> str:
    return f"(?P<{name}>{'.+' if name in _SPANNING else '[^/]+'})"


def _from_text(text: str, schema: Json) -> Json:
    kind = schema.get("type")
    if kind == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


def _closed(schema: Json) -> Json:
    """The schema without size limits, and refusing unknown properties: GitHub ignores typing errors in silence."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items() if key not in _LIMITS}
    if isinstance(schema.get("properties"), dict):
        # Property names are not keywords, so a property called "maxItems" must survive.
        closed["properties"] = {name: _closed(value) for name, value in schema["properties"].items()}
        if "additionalProperties" not in schema and isinstance(schema.get("type"), str):
            closed["additionalProperties"] = False
    return closed
