"""The languages that rules name: which paths each stands for, and which grammars read them."""

from __future__ import annotations

from app.domain.grammars import GRAMMARS

LANGUAGES = {
    "c": ("**/*.c", "**/*.h"),
    "cpp": ("**/*.cc", "**/*.cpp", "**/*.cxx", "**/*.hh", "**/*.hpp"),
    "csharp": ("**/*.cs",),
    "css": ("**/*.css",),
    "docker": ("**/Dockerfile", "**/Dockerfile.*", "**/*.Dockerfile", "**/Containerfile", "**/Containerfile.*"),
    "docker-compose": ("**/docker-compose*.yml", "**/docker-compose*.yaml", "**/compose*.yml", "**/compose*.yaml"),
    "github-actions": (".github/workflows/*.yml", ".github/workflows/*.yaml", "**/action.yml", "**/action.yaml"),
    "go": ("**/*.go",),
    "html": ("**/*.html", "**/*.htm"),
    "java": ("**/*.java",),
    "javascript": ("**/*.js", "**/*.jsx", "**/*.mjs", "**/*.cjs"),
    "kotlin": ("**/*.kt", "**/*.kts"),
    "php": ("**/*.php",),
    "python": ("**/*.py", "**/*.pyi"),
    "ruby": ("**/*.rb",),
    "rust": ("**/*.rs",),
    "shell": ("**/*.sh", "**/*.bash"),
    "sql": ("**/*.sql",),
    "svelte": ("**/*.svelte",),
    "swift": ("**/*.swift",),
    "terraform": ("**/*.tf", "**/*.tfvars", "**/*.hcl"),
    "typescript": ("**/*.ts", "**/*.tsx", "**/*.mts", "**/*.cts"),
    "vue": ("**/*.vue",),
    "yaml": ("**/*.yml", "**/*.yaml"),
}
"""The paths that each stands for."""

_GRAMMARS_OF = {
    "docker-compose": ("yaml",),
    "github-actions": ("yaml",),
    "shell": ("bash",),
    "terraform": ("hcl",),
    "typescript": ("typescript", "tsx"),
}


def grammars_of(language: str) -> tuple[str, ...]:
    """The grammars, by ast-grep's names, of a language's files; none where there is no parser for it."""
    return _GRAMMARS_OF.get(language, (language,) if language in GRAMMARS else ())
