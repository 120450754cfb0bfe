"""Names of changed files as prompts show them, and back."""

from __future__ import annotations

from app.domain.shown import real_paths


def test_a_shown_name_leads_back_to_its_path() -> None:
    assert real_paths(["a.py", "b\x1b.py", "bad\udcff.py"]) == {
        "a.py": "a.py",
        r"b\x1b.py": "b\x1b.py",
        r"bad\xff.py": "bad\udcff.py",
    }


def test_a_name_that_two_paths_share_is_nobodys() -> None:
    assert real_paths(["b\x1b.py", r"b\x1b.py", "c.py", r"b\x1b.py"]) == {"c.py": "c.py"}
