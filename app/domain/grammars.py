"""Which grammar reads a file: ast-grep's names, by the ending of the path."""

from __future__ import annotations

from app.domain.globs import fold

GRAMMARS = {
    "bash": ("sh", "bash"),
    "c": ("c", "h"),
    "cpp": ("cc", "cpp", "cxx", "hh", "hpp"),
    "csharp": ("cs",),
    "css": ("css",),
    "go": ("go",),
    "hcl": ("tf", "tfvars", "hcl"),
    "html": ("html", "htm"),
    "java": ("java",),
    "javascript": ("js", "jsx", "mjs", "cjs"),
    "json": ("json",),
    "kotlin": ("kt", "kts"),
    "php": ("php",),
    "python": ("py", "pyi"),
    "ruby": ("rb",),
    "rust": ("rs",),
    "swift": ("swift",),
    "tsx": ("tsx",),
    "typescript": ("ts", "mts", "cts"),
    "yaml": ("yml", "yaml"),
}
"""Endings of paths, by grammar."""

_GRAMMAR_OF = {ending: grammar for grammar, endings in GRAMMARS.items() for ending in endings}


def grammar_of(path: str) -> str | None:
    """None where no grammar is known."""
    _, dot, ending = path.rpartition("/")[2].rpartition(".")
    return _GRAMMAR_OF.get(fold(ending)) if dot else None
