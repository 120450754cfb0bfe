"""Guidelines: which files count, in which order, and what a cap cuts."""

from __future__ import annotations

from app.domain.guidelines import (
    FALLBACKS,
    MAX_BYTES_IN_ALL,
    MAX_BYTES_PER_FILE,
    MAX_DEPTH,
    MAX_DIRECTORIES,
    Guideline,
    arrange,
    candidate_paths,
)


def test_agents_files_from_the_root_down_to_the_changed_files() -> None:
    assert candidate_paths(["src/app/x.py", "src/y.py", "z.py"]) == (
        "AGENTS.md",
        "src/AGENTS.md",
        "src/app/AGENTS.md",
        *FALLBACKS,
    )
    assert candidate_paths([]) == ("AGENTS.md", *FALLBACKS)


def test_deep_and_many_directories_are_cut_off() -> None:
    deep = "/".join(["d"] * 1_000) + "/x.py"
    assert len(candidate_paths([deep])) == 1 + MAX_DEPTH + len(FALLBACKS)
    many = candidate_paths(f"d{n}/x.py" for n in range(MAX_DIRECTORIES * 2))
    assert len(many) <= MAX_DIRECTORIES + 1 + len(FALLBACKS)


def test_fallbacks_count_only_without_a_root_agents_file() -> None:
    assert [g.path for g in arrange([("AGENTS.md", "a", 0), ("CLAUDE.md", "c", 0)])] == ["AGENTS.md"]
    assert [g.path for g in arrange([("src/AGENTS.md", "a", 0), ("CLAUDE.md", "c", 0)])] == [
        "CLAUDE.md",
        "src/AGENTS.md",
    ]


def test_review_sections_come_first_with_what_is_below_them() -> None:
    text = (
        "# Project\nintro\n## Review guidelines\nflag eval\n### Tests\nmore\n"
        "## Building\nmake\n# Code Review Rules #\nlast"
    )

    (guideline,) = arrange([("AGENTS.md", text, 0)])

    assert guideline.text.split("\n") == [
        "## Review guidelines",
        "flag eval",
        "### Tests",
        "more",
        "# Code Review Rules #",
        "last",
        "# Project",
        "intro",
        "## Building",
        "make",
    ]


def test_a_file_without_such_sections_stays_as_it_is() -> None:
    assert arrange([("AGENTS.md", "# A\ntext", 0)]) == (Guideline("AGENTS.md", "# A\ntext", 0),)


def test_caps_cut_and_say_how_much() -> None:
    big = "é" * MAX_BYTES_PER_FILE

    guidelines = arrange([(f"{i}/AGENTS.md", big, 100) for i in range(4)])

    size = len(big.encode())
    assert [len(g.text.encode()) for g in guidelines] == [MAX_BYTES_PER_FILE] * 3 + [0]
    assert [g.cut_bytes for g in guidelines] == [size - MAX_BYTES_PER_FILE + 100] * 3 + [size + 100]
    assert sum(len(g.text.encode()) for g in guidelines) <= MAX_BYTES_IN_ALL


def test_a_cut_never_leaves_half_a_character() -> None:
    (guideline,) = arrange([("AGENTS.md", "x" + "é" * MAX_BYTES_PER_FILE, 0)])

    assert guideline.text.endswith("é")


def test_the_closest_stand_last_and_fallbacks_have_the_room_that_is_left() -> None:
    full = "x" * MAX_BYTES_PER_FILE
    files = [(f"{name}/AGENTS.md", full, 0) for name in ("a", "a/b", "a/c")] + [("CLAUDE.md", full, 7)]

    arranged = arrange(files)

    assert [g.path for g in arranged] == ["CLAUDE.md", "a/AGENTS.md", "a/b/AGENTS.md", "a/c/AGENTS.md"]
    assert [g.cut_bytes for g in arranged] == [MAX_BYTES_PER_FILE + 7, 0, 0, 0]
