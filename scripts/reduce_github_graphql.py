"""Cut GitHub's GraphQL schema down to the fields a pull request bot asks for.

Usage, with the ``package`` folder of an unpacked ``@octokit/graphql-schema`` archive::

    npm pack @octokit/graphql-schema@15.26.1 && tar xzf octokit-graphql-schema-15.26.1.tgz
    python scripts/reduce_github_graphql.py package/schema.graphql tests/fakes/github/graphql_schema/github.graphql

``fields.txt`` beside the target names the fields, as ``Type.field``. Kept are these, all their arguments, and whole the
input objects, enums and scalars that they reach, of unions the members that are named; descriptions and directives are
left out.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    print_type,
)
from graphql.type import is_specified_scalar_type


def wanted_fields(text: str) -> dict[str, set[str]]:
    """Type -> its fields."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for name in text.split():
        owner, _, field = name.partition(".")
        wanted[owner].add(field)
    return dict(wanted)


def reduce(schema: GraphQLSchema, wanted: dict[str, set[str]]) -> str:
    """The part of the schema that has only the wanted fields, in alphabetical order."""
    kept: dict[str, str] = {}
    waiting = sorted(wanted)
    while waiting:
        name = waiting.pop()
        if name in kept:
            continue
        found = schema.type_map.get(name)
        if found is None:
            sys.exit(f"{name} is not in this schema")
        if is_specified_scalar_type(found):
            continue
        reached = _reached(found, wanted)
        found.description = None
        kept[name] = print_type(found)
        waiting += sorted(reached - kept.keys())
    return "\n\n".join(kept[name] for name in sorted(kept)) + "\n"


def _reached(found: GraphQLNamedType, wanted: dict[str, set[str]]) -> set[str]:
    """Leave only what is wanted of one type; the names of the types that it reaches."""
    reached: set[str] = set()
    match found:
        case GraphQLObjectType() | GraphQLInterfaceType():
            reached = _prune(found, wanted.get(found.name, set()))
            found.interfaces = tuple(one for one in found.interfaces if one.name in wanted)
        case GraphQLInputObjectType():
            reached = {get_named_type(field.type).name for field in found.fields.values()}
            for field in found.fields.values():
                field.description = None
        case GraphQLEnumType():
            for value in found.values.values():
                value.description = value.deprecation_reason = None
        case GraphQLScalarType():
            found.specified_by_url = None
        case GraphQLUnionType():
            found.types = tuple(one for one in found.types if one.name in wanted)
            reached = {one.name for one in found.types}
    return reached


def _prune(found: GraphQLObjectType | GraphQLInterfaceType, wanted: set[str]) -> set[str]:
    """Leave only the wanted fields; the names of the types that they reach."""
    if missing := wanted - found.fields.keys():
        sys.exit(f"{found.name} has no field {', '.join(sorted(missing))}")
    if not wanted:
        sys.exit(f"{found.name} is reached, but none of its fields is named in fields.txt")
    reached: set[str] = set()
    for name in [*found.fields]:
        if name not in wanted:
            del found.fields[name]
            continue
        field = found.fields[name]
        field.description = field.deprecation_reason = None
        reached.add(get_named_type(field.type).name)
        for argument in field.args.values():
            argument.description = argument.deprecation_reason = None
            reached.add(get_named_type(argument.type).name)
    return reached


def main() -> None:
    """Read the whole schema, write the reduced one."""
    parser = argparse.ArgumentParser(description="Cut GitHub's GraphQL schema down to what a pull request bot asks.")
    parser.add_argument("source", type=Path, help="schema.graphql of the npm package @octokit/graphql-schema")
    parser.add_argument("target", type=Path, help="where to write")
    arguments = parser.parse_args()
    wanted = wanted_fields((arguments.target.parent / "fields.txt").read_text(encoding="utf-8"))
    source = arguments.source.read_text(encoding="utf-8")
    # GitHub's own file defines two fields twice, which a strict reader refuses.
    text = reduce(build_schema(source, assume_valid_sdl=True), wanted)
    arguments.target.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{arguments.target}: {len(text):,} characters\n")


if __name__ == "__main__":
    main()
