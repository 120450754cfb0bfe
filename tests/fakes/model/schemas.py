"""JSON schemas of answers: the smallest instance of one, and what the strict mode of the real API refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

JsonObject = Mapping[str, object]

_TEXT: JsonObject = {"type": "string"}
_MAYBE_TEXT: JsonObject = {"type": ["string", "null"]}
_LINE: JsonObject = {"type": "integer"}


def _strict_object(fields: JsonObject) -> JsonObject:
    return {"type": "object", "additionalProperties": False, "required": list(fields), "properties": fields}


_FINDING = _strict_object({
    "rule": _MAYBE_TEXT,
    "path": _TEXT,
    "start_line": _LINE,
    "end_line": _LINE,
    "severity": {"type": "string", "enum": ["P0", "P1", "P2", "P3"]},
    "title": _TEXT,
    "body": _TEXT,
    "failing_case": _TEXT,
    "quotes": {"type": "array", "items": _strict_object({"path": _TEXT, "line": _LINE, "text": _TEXT})},
    "confidence": {"type": "number"},
    "suggestion": _MAYBE_TEXT,
})  # fmt: skip
FINDINGS_SCHEMA = _strict_object(
    {
        "findings": {"type": "array", "items": _FINDING},
        "summary": _TEXT,
        "diagram": _MAYBE_TEXT,
    }
)

# Keywords that OpenAI's strict mode answers with a 400. Other servers take some of them.
_REFUSED_KEYWORDS = frozenset({
    "allOf", "not", "if", "then", "else", "oneOf", "dependentRequired", "dependentSchemas",
    "patternProperties", "minLength", "maxLength", "uniqueItems", "contains", "propertyNames", "default",
})  # fmt: skip


def as_object(value: object) -> JsonObject:
    """The value when it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def resolve(schema: JsonObject, root: JsonObject) -> JsonObject:
    """Follow local references."""
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return schema
    target: JsonObject = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        target = as_object(target.get(step)) if step else target
    return resolve(target, root)


def properties(schema: JsonObject, root: JsonObject) -> dict[str, JsonObject]:
    """The resolved schemas of an object's properties."""
    named = as_object(resolve(schema, root).get("properties"))
    return {name: resolve(as_object(value), root) for name, value in named.items()}


def items(schema: JsonObject, root: JsonObject) -> JsonObject:
    """The resolved schema of an array's items."""
    return resolve(as_object(schema.get("items")), root)


def blank(schema: JsonObject, root: JsonObject | None = None) -> object:
    """The emptiest instance of a schema: no entries, empty texts, null where allowed, the first choice."""
    root = schema if root is None else root
    schema = resolve(schema, root)
    if "const" in schema:
        return schema["const"]
    choices = schema.get("enum")
    if isinstance(choices, list):
        return choices[0]
    options = schema.get("anyOf")
    if isinstance(options, list):
        resolved = [resolve(as_object(option), root) for option in options]
        return None if any(one.get("type") == "null" for one in resolved) else blank(resolved[0], root)
    kinds = schema.get("type")
    kind = ("null" if "null" in kinds else kinds[0]) if isinstance(kinds, list) else kinds
    match kind:
        case "object":
            return {name: blank(value, root) for name, value in properties(schema, root).items()}
        case "array":
            least = schema.get("minItems", 0)
            return [blank(items(schema, root), root) for _ in range(least if isinstance(least, int) else 0)]
        case "integer" | "number":
            least = schema.get("minimum", 0)
            return max(0, least) if isinstance(least, int | float) else 0
        case "boolean":
            return False
        case "string":
            return ""
        case _:
            return None


def strict_problem(schema: object) -> str | None:
    """Why the real API would refuse the schema in strict mode, or None."""
    root = as_object(schema)
    if root.get("type") != "object":
        return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: {json.dumps(root.get('type'))}'."
    return next(_problems(root, ()), None)


def _problems(schema: JsonObject, at: tuple[str, ...]) -> Iterator[str]:
    context = f"In context={at!r}"
    for keyword in sorted(_REFUSED_KEYWORDS & schema.keys()):
        yield f"{context}, '{keyword}' is not permitted."
    named = as_object(schema.get("properties"))
    if schema.get("type") == "object" or named:
        if schema.get("additionalProperties") is not False:
            yield f"{context}, 'additionalProperties' is required to be supplied and to be false."
        required = schema.get("required")
        missing = sorted(named.keys() - set(required if isinstance(required, list) else ()))
        if missing:
            yield (
                f"{context}, 'required' is required to be supplied and to be an array including every key in "
                f"properties. Missing '{missing[0]}'."
            )
    for name, value in named.items():
        yield from _problems(as_object(value), (*at, "properties", name))
    if "items" in schema:
        yield from _problems(as_object(schema["items"]), (*at, "items"))
    options = schema.get("anyOf")
    for place, option in enumerate(options if isinstance(options, list) else ()):
        yield from _problems(as_object(option), (*at, "anyOf", str(place)))
    for group in ("$defs", "definitions"):
        for name, value in as_object(schema.get(group)).items():
            yield from _problems(as_object(value), (*at, group, name))
