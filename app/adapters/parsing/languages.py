"""The languages that are parsed: their files, and which nodes of their syntax trees are symbols with which names.

Node kinds are those of the tree-sitter grammars in ast-grep 0.51 (https://ast-grep.github.io/reference/languages.html).
A kind that a grammar does not have would be refused, so tests parse a snippet of every language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType


class Naming(Enum):
    """Where a node keeps its name."""

    FIELD = auto()
    """In the field `name`."""
    WITH_BODY = auto()
    """In the field `name`, and only what has a `body` counts: `struct cart *c` names a struct, it does not make one."""
    DECLARATOR = auto()
    """C: inside declarators, around which stand pointers, parentheses and parameters."""
    RECEIVER = auto()
    """Go: `Cart.Total` of `func (c *Cart) Total()`."""
    TYPE = auto()
    """Rust: an `impl` is named for its type."""
    FIRST = auto()
    """Kotlin: the first identifier among its children."""
    FUNCTION = auto()
    """JavaScript: in the field `name` or `property`, if the `value` is a function or a class."""
    LABELS = auto()
    """HCL: `resource.aws_instance.web` of `resource "aws_instance" "web"`."""
    DEFINES = auto()
    """Elixir, where a definition is a call: what follows `def`, `defp`, `defmacro`, `defmodule`."""
    AROUND = auto()
    """Has no name, but its first line belongs to the symbol in it: decorators, `template<...>`."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a node is called and how. Without a `word`, it is the keyword that begins it."""

    word: str
    naming: Naming = Naming.FIELD


@dataclass(frozen=True, slots=True)
class Language:
    """`name` is ast-grep's. Without `symbols` there is nothing to outline, as in data formats."""

    name: str
    extensions: tuple[str, ...]
    symbols: Mapping[str, Shape] = field(default_factory=lambda: MappingProxyType({}))


_JAVASCRIPT = {
    "class_declaration": Shape("class"),
    "function_declaration": Shape("function"),
    "generator_function_declaration": Shape("function"),
    "method_definition": Shape("method"),
    "variable_declarator": Shape("function", Naming.FUNCTION),
    "field_definition": Shape("method", Naming.FUNCTION),
}
_TYPESCRIPT = {
    "abstract_class_declaration": Shape("class"),
    "abstract_method_signature": Shape("method"),
    "class_declaration": Shape("class"),
    "enum_declaration": Shape("enum"),
    "function_declaration": Shape("function"),
    "function_signature": Shape("function"),
    "generator_function_declaration": Shape("function"),
    "interface_declaration": Shape("interface"),
    "internal_module": Shape("namespace"),
    "method_definition": Shape("method"),
    "method_signature": Shape("method"),
    "public_field_definition": Shape("method", Naming.FUNCTION),
    "type_alias_declaration": Shape("type"),
    "variable_declarator": Shape("function", Naming.FUNCTION),
}
_C = {
    "enum_specifier": Shape("enum", Naming.WITH_BODY),
    "function_definition": Shape("function", Naming.DECLARATOR),
    "preproc_def": Shape("macro"),
    "preproc_function_def": Shape("macro"),
    "struct_specifier": Shape("struct", Naming.WITH_BODY),
    "type_definition": Shape("type", Naming.DECLARATOR),
    "union_specifier": Shape("union", Naming.WITH_BODY),
}
_CPP = {
    **_C,
    "class_specifier": Shape("class", Naming.WITH_BODY),
    "namespace_definition": Shape("namespace"),
    "template_declaration": Shape("", Naming.AROUND),
}

LANGUAGES = (
    Language(
        "python",
        ("py", "pyi", "pyw"),
        {
            "class_definition": Shape("class"),
            "decorated_definition": Shape("", Naming.AROUND),
            "function_definition": Shape("function"),
        },
    ),
    Language("javascript", ("js", "jsx", "mjs", "cjs"), _JAVASCRIPT),
    Language("typescript", ("ts", "mts", "cts"), _TYPESCRIPT),
    Language("tsx", ("tsx",), _TYPESCRIPT),
    Language(
        "go",
        ("go",),
        {
            "function_declaration": Shape("function"),
            "method_declaration": Shape("method", Naming.RECEIVER),
            "method_elem": Shape("method"),
            "type_alias": Shape("type"),
            "type_spec": Shape("type"),
        },
    ),
    Language(
        "java",
        ("java",),
        {
            "annotation_type_declaration": Shape("annotation"),
            "class_declaration": Shape("class"),
            "compact_constructor_declaration": Shape("constructor"),
            "constructor_declaration": Shape("constructor"),
            "enum_declaration": Shape("enum"),
            "interface_declaration": Shape("interface"),
            "method_declaration": Shape("method"),
            "record_declaration": Shape("record"),
        },
    ),
    Language(
        "kotlin",
        ("kt", "kts"),
        {
            "class_declaration": Shape("", Naming.FIRST),
            "function_declaration": Shape("function", Naming.FIRST),
            "object_declaration": Shape("object", Naming.FIRST),
            "type_alias": Shape("type", Naming.FIRST),
        },
    ),
    Language(
        "rust",
        ("rs",),
        {
            "enum_item": Shape("enum"),
            "function_item": Shape("function"),
            "function_signature_item": Shape("function"),
            "impl_item": Shape("impl", Naming.TYPE),
            "macro_definition": Shape("macro"),
            "mod_item": Shape("module"),
            "struct_item": Shape("struct"),
            "trait_item": Shape("trait"),
            "type_item": Shape("type"),
            "union_item": Shape("union"),
        },
    ),
    Language(
        "ruby",
        ("rb", "rake", "gemspec"),
        {
            "class": Shape("class"),
            "method": Shape("method"),
            "module": Shape("module"),
            "singleton_method": Shape("method"),
        },
    ),
    Language("c", ("c", "h"), _C),
    Language("cpp", ("cc", "cpp", "cxx", "hh", "hpp", "hxx", "ipp"), _CPP),
    Language(
        "csharp",
        ("cs",),
        {
            "class_declaration": Shape("class"),
            "constructor_declaration": Shape("constructor"),
            "delegate_declaration": Shape("delegate"),
            "enum_declaration": Shape("enum"),
            "interface_declaration": Shape("interface"),
            "local_function_statement": Shape("function"),
            "method_declaration": Shape("method"),
            "namespace_declaration": Shape("namespace"),
            "property_declaration": Shape("property"),
            "record_declaration": Shape("record"),
            "struct_declaration": Shape("struct"),
        },
    ),
    Language(
        "php",
        ("php",),
        {
            "class_declaration": Shape("class"),
            "enum_declaration": Shape("enum"),
            "function_definition": Shape("function"),
            "interface_declaration": Shape("interface"),
            "method_declaration": Shape("method"),
            "trait_declaration": Shape("trait"),
        },
    ),
    Language(
        "swift",
        ("swift",),
        {
            "class_declaration": Shape(""),  # also of structures, enumerations and extensions
            "function_declaration": Shape("function"),
            "init_declaration": Shape("initializer"),
            "protocol_declaration": Shape("protocol"),
            "protocol_function_declaration": Shape("function"),
        },
    ),
    Language(
        "scala",
        ("scala", "sc"),
        {
            "class_definition": Shape("class"),
            "enum_definition": Shape("enum"),
            "function_declaration": Shape("function"),
            "function_definition": Shape("function"),
            "object_definition": Shape("object"),
            "trait_definition": Shape("trait"),
        },
    ),
    Language("bash", ("sh", "bash"), {"function_definition": Shape("function")}),
    Language("lua", ("lua",), {"function_declaration": Shape("function")}),
    Language("elixir", ("ex", "exs"), {"call": Shape("", Naming.DEFINES)}),
    Language(
        "haskell",
        ("hs",),
        {"class": Shape("class"), "data_type": Shape("type"), "function": Shape("function"), "newtype": Shape("type")},
    ),
    Language("hcl", ("tf", "hcl"), {"block": Shape("block", Naming.LABELS)}),
    Language(
        "solidity",
        ("sol",),
        {
            "contract_declaration": Shape("contract"),
            "function_definition": Shape("function"),
            "interface_declaration": Shape("interface"),
            "library_declaration": Shape("library"),
            "modifier_definition": Shape("modifier"),
        },
    ),
    Language("css", ("css",)),
    Language("html", ("html", "htm")),
    Language("json", ("json",)),
    Language("yaml", ("yaml", "yml")),
)

BY_NAME = MappingProxyType({language.name: language for language in LANGUAGES})
_BY_EXTENSION = MappingProxyType({extension: one for one in LANGUAGES for extension in one.extensions})


def language_of(path: str) -> Language | None:
    """By the extension, in small letters; None for what has none of those above."""
    name = path.rpartition("/")[2]
    stem, dot, extension = name.rpartition(".")
    return _BY_EXTENSION.get(extension.lower()) if dot and stem else None
