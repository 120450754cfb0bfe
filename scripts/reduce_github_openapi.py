"""Cut GitHub's OpenAPI description down to the operations a pull request bot calls.

Usage, with the ``package`` folder of an unpacked ``@octokit/openapi`` archive::

    npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-23.0.2.tgz
    python scripts/reduce_github_openapi.py package/generated/api.github.com.json \
        tests/fakes/github/openapi/github.json.gz

``operations.txt`` beside the target names the operations. Only what a validator reads is kept of them: parameters,
request bodies, replies and the schemas they reach. OpenAPI 3.0's ``nullable`` becomes a JSON Schema type, so that an
ordinary validator understands the result.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from pathlib import Path
from typing import Any, Final

# Decoded JSON has no narrower type until something has validated it.
Json = Any

METHODS: Final = ("get", "post", "put", "patch", "delete")

# What GitHub sends and its description denies: the fork of an open pull request can be deleted, and a comment on a line
# that later pushes removed has no line any more.
NULLABLE: Final = (
    ("pull-request", "properties", "head", "properties", "repo"),
    ("pull-request", "properties", "head", "properties", "user"),
    ("pull-request-simple", "properties", "head", "properties", "repo"),
    ("pull-request-simple", "properties", "labels", "items", "properties", "description"),
    ("pull-request-review-comment", "properties", "line"),
    ("pull-request-review-comment", "properties", "position"),
    ("pull-request-review-comment", "properties", "original_line"),
    ("review-comment", "properties", "line"),
    ("review-comment", "properties", "original_line"),
)

PROSE: Final = frozenset(
    (
        "description",
        "summary",
        "example",
        "examples",
        "externalDocs",
        "title",
        "deprecated",
        "x-github",
        "tags",
    )
)


def wanted_operations(paths: Json, wanted: set[str]) -> dict[str, dict[str, Json]]:
    """The paths that hold at least one wanted operation, with nothing but those operations."""
    kept: dict[str, dict[str, Json]] = {}
    for path, item in paths.items():
        for method in METHODS:
            operation = item.get(method)
            if operation is not None and operation["operationId"] in wanted:
                kept.setdefault(path, {})[method] = {
                    key: operation[key]
                    for key in ("operationId", "parameters", "requestBody", "responses")
                    if key in operation
                }
    return kept


def without_prose(node: Json, *, names: bool = False) -> Json:
    """The same node without prose; the keys of a ``names`` node are a user's names, not OpenAPI's words."""
    if isinstance(node, list):
        return [without_prose(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept: dict[str, Json] = {}
    for key, value in node.items():
        if not names and (key in PROSE or key.startswith("x-")):
            continue
        kept[key] = (
            value
            if key in ("enum", "required", "default") and not names
            else without_prose(value, names=key in ("properties", "schemas", "headers", "responses") and not names)
        )
    return kept


def as_json_schema(node: Json) -> Json:
    """The same node with ``nullable`` written the way JSON Schema writes it."""
    if isinstance(node, list):
        return [as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    converted = {key: as_json_schema(value) for key, value in node.items()}
    if converted.get("nullable") is not True and converted.get("nullable") is not False:
        return converted
    if not converted.pop("nullable"):
        return converted
    if isinstance(converted.get("type"), str):
        converted["type"] = [converted["type"], "null"]
        if "enum" in converted and None not in converted["enum"]:
            converted["enum"] = [*converted["enum"], None]
        return converted
    return {"anyOf": [converted, {"type": "null"}]}


def references(node: Json) -> set[str]:
    """Every ``$ref`` inside a node."""
    if isinstance(node, list):
        return set().union(*(references(item) for item in node)) if node else set()
    if not isinstance(node, dict):
        return set()
    found = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
    return found.union(*(references(value) for value in node.values()))


def resolve(document: Json, pointer: str) -> Json:
    """The node a local ``#/a/b/c`` reference points to."""
    node = document
    for part in pointer.removeprefix("#/").split("/"):
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def reachable_components(document: Json, paths: Json) -> dict[str, dict[str, Json]]:
    """The components that the kept paths reach, however indirectly, without their prose."""
    components: dict[str, dict[str, Json]] = {}
    seen: set[str] = set()
    waiting = sorted(references(paths))
    while waiting:
        pointer = waiting.pop()
        if pointer in seen:
            continue
        seen.add(pointer)
        section, name = pointer.removeprefix("#/components/").split("/")
        component = without_prose(resolve(document, pointer))
        components.setdefault(section, {})[name] = component
        waiting.extend(sorted(references(component) - seen))
    return {section: dict(sorted(items.items())) for section, items in sorted(components.items())}


def correct_installations(paths: Json) -> None:
    """Let listed installations look like a single one: the list's own schema cannot be met."""
    reply = paths["/app/installations"]["get"]["responses"]["200"]["content"]["application/json"]
    reply["schema"] = {"type": "array", "items": {"$ref": "#/components/schemas/installation"}}


def mark_nullable(schemas: Json) -> None:
    """Let the properties be null that GitHub does send as null."""
    for *parents, name in NULLABLE:
        node = schemas
        for part in parents:
            node = node[part]
        node[name] = {**node[name], "nullable": True}


def reduce(document: Json, wanted: set[str]) -> Json:
    """The part of GitHub's description that the wanted operations need."""
    paths = without_prose(wanted_operations(document["paths"], wanted), names=True)
    found = {operation["operationId"] for item in paths.values() for operation in item.values()}
    if missing := wanted - found:
        sys.exit(f"not in this description: {', '.join(sorted(missing))}")
    correct_installations(paths)
    components = reachable_components(document, paths)
    mark_nullable(components["schemas"])
    return {
        "openapi": document["openapi"],
        "info": {"title": "GitHub REST API, reduced", "version": document["info"]["version"]},
        "paths": as_json_schema(paths),
        "components": as_json_schema(components),
    }


def main() -> None:
    """Read the whole description, write the reduced one."""
    parser = argparse.ArgumentParser(
        description="Cut GitHub's OpenAPI description down to what a pull request bot calls."
    )
    parser.add_argument("source", type=Path, help="api.github.com.json of the npm package @octokit/openapi")
    parser.add_argument("target", type=Path, help="where to write; compressed if the name ends in .gz")
    arguments = parser.parse_args()
    wanted = set((arguments.target.parent / "operations.txt").read_text(encoding="utf-8").split())
    text = json.dumps(
        reduce(json.loads(arguments.source.read_bytes()), wanted), sort_keys=True, separators=(",", ":")
    ).encode()
    # No time stamp, so the same input always gives the same file.
    data = gzip.compress(text, mtime=0) if arguments.target.suffix == ".gz" else text
    arguments.target.write_bytes(data)
    sys.stdout.write(f"{arguments.target}: {len(text):,} bytes of JSON, {len(data):,} written\n")


if __name__ == "__main__":
    main()
