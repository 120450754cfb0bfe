"""The catalogue of settings: it is what is read, its defaults are valid, and the documentation has it."""

from __future__ import annotations

from pathlib import Path

from app.settings import Settings
from app.settings.catalogue import BY_NAME, CATALOGUE, NAMES, markdown_table

HOME = {"HOME": "/home/op"}


class Recording(dict[str, str]):
    """An environment that knows what was asked of it."""

    def __init__(self) -> None:
        super().__init__(HOME)
        self.asked: set[str] = set()

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.asked.add(key)
        return super().get(key, default)


def test_the_catalogue_is_what_is_read() -> None:
    environ = Recording()
    Settings.from_environment(environ)
    assert set(BY_NAME) <= environ.asked
    assert {name for name in environ.asked if name.startswith(("REVWRIGHT_", "OPENAI_"))} - NAMES <= {
        f"{name}_FILE" for name in BY_NAME
    }


def test_every_default_of_the_catalogue_is_valid() -> None:
    Settings.from_environment(HOME | {setting.name: setting.default for setting in CATALOGUE})


def test_the_documentation_has_the_same_table() -> None:
    documentation = (Path(__file__).parents[1] / "docs/settings.md").read_text()
    assert markdown_table() in documentation
