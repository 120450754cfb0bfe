"""Paths: what may leave a sandbox, what collides, and what only people may change."""

from __future__ import annotations

import posixpath
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.globs import fold
from app.domain.tree_paths import (
    MAX_COMPONENT_BYTES,
    MAX_DEPTH,
    collisions,
    is_dot_git,
    is_protected,
    problem_with,
)

_AT_DEPTH_LIMIT = "d/" * (MAX_DEPTH - 1) + "f"
_AT_LENGTH_LIMIT = "/".join(["x" * MAX_COMPONENT_BYTES] * 16)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "is empty"),
        ("/etc/passwd", "is absolute"),
        ("C:/Windows", "is absolute"),
        ("c:file", "is absolute"),
        ("a//b", "has an empty part between slashes"),
        ("a/", "has an empty part between slashes"),
        ("./a", "has the part `.`"),
        ("a/../b", "has the part `..`"),
        ("..", "has the part `..`"),
        ("a/.. /b", "has the part `.. `"),
        ("...", "has the part `...`"),
        ("a\\b", "has a backslash"),
        ("..\\..\\x", "has a backslash"),
        ("a\nb", "has a control character"),
        ("a\x00b", "has a control character"),
        ("a\x1b[31m", "has a control character"),
        ("a\x85b", "has a control character"),
        ("tab\there", "has a control character"),
        ("gpj.\u202eexe", "has a hidden character, U+202E"),
        ("a\u200bb", "has a hidden character, U+200B"),
        ("\ufeffa", "has a hidden character, U+FEFF"),
        ("caf\udce9", "is not UTF-8"),
        ("a\ud800", "is not UTF-8"),
        ("x" * (MAX_COMPONENT_BYTES + 1), "has a part longer than 255 bytes"),
        ("é" * 128, "has a part longer than 255 bytes"),
        (_AT_LENGTH_LIMIT + "/x", "is longer than 4096 bytes"),
        ("d/" + _AT_DEPTH_LIMIT, "has more than 100 parts"),
    ],
)
def test_a_path_with_a_problem(path: str, reason: str) -> None:
    assert problem_with(path) == reason


@pytest.mark.parametrize(
    "path",
    [
        ".git",
        ".git/config",
        "a/.git/hooks/pre-push",
        ".GIT/config",
        ".Git",
        "git~1",
        "GIT~1/config",
        "a/git~12",
        ".git.",
        ".git ",
        ".git . .",
        ".git::$INDEX_ALLOCATION/config",
        ".git:stream",
        "git~1::$INDEX_ALLOCATION",
        ".g\u200cit",
        ".git\u200d/x",
        "\u200e.git",
        ".gi\ufefft",
        ".gi\u206at:x",
    ],
)
def test_no_part_is_git_on_any_file_system(path: str) -> None:
    assert problem_with(path) == "has a part that is `.git` on some file system"


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "src/app.py",
        "-rf",
        "--output=x",
        " a b",
        "$(id).py",
        "ab:c",
        "con",
        "aux.txt",
        "naïve/日本語.md",
        "\u2764\ufe0f.md",
        ".gitignore",
        ".github/workflows/ci.yml",
        "git",
        "git~",
        "git~x",
        "my.git/config",
        ".git-blame-ignore-revs",
        "..a/b..",
        "x" * MAX_COMPONENT_BYTES,
        _AT_DEPTH_LIMIT,
        _AT_LENGTH_LIMIT,
    ],
)
def test_a_path_without_a_problem(path: str) -> None:
    assert problem_with(path) is None


@given(st.text(st.characters(codec=None), max_size=30) | st.text(alphabet="./\\ :~gitGIT1\u200c\udcff\n", max_size=12))
def test_a_path_without_a_problem_stays_below_any_directory(path: str) -> None:
    if problem_with(path) is None:
        encoded = path.encode()
        assert encoded.decode() == path
        assert b"\0" not in encoded
        assert posixpath.normpath(posixpath.join("/top", path)) == f"/top/{path}"
        assert not any(part.lower() == ".git" for part in path.split("/"))


@given(
    st.sampled_from([".git", "git~1"]),
    st.lists(st.booleans(), min_size=5, max_size=5),
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from("\u200c\u200d\u200e\u202a\u206f\ufeff")), max_size=3),
    st.text(". ", max_size=4),
    st.sampled_from(["", ":", "::$INDEX_ALLOCATION", ":$i30:$INDEX_ALLOCATION"]),
)
def test_every_mix_of_aliases_of_git_is_found(
    name: str, upper: list[bool], ignored: list[tuple[int, str]], end: str, stream: str
) -> None:
    spelled = "".join(c.upper() if up else c for c, up in zip(name, upper, strict=False))
    for at, character in ignored:
        spelled = spelled[:at] + character + spelled[at:]

    assert is_dot_git(spelled + end + stream)
    assert problem_with(f"a/{spelled}{end}{stream}/config") is not None


_PATTERN_BY_PATH = {
    ".github": ".github/**",
    ".github/dependabot.yml": ".github/**",
    ".GitHub/x": ".github/**",
    ".github./x": ".github/**",
    ".g\u200cithub/x": ".github/**",
    ".github/workflows/ci.yml": ".github/workflows/**",
    "CODEOWNERS": "CODEOWNERS",
    "Docs/codeowners": "docs/CODEOWNERS",
    ".github/CODEOWNERS": ".github/CODEOWNERS",
    ".gitattributes": "**/.gitattributes",
    "a/b/.GITATTRIBUTES": "**/.gitattributes",
    "a/.gitattributes. ": "**/.gitattributes",
    ".gitmodules": "**/.gitmodules",
    ".gitmodules::$DATA": "**/.gitmodules",
    "sub/.lfsconfig": "**/.lfsconfig",
    ".LfsConfig": "**/.lfsconfig",
    "agents.MD": "**/AGENTS.md",
    "a/b/AGENTS.md": "**/AGENTS.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "claude.md": "**/CLAUDE.md",
    ".agents/skills/x": ".agents/**",
}


@pytest.mark.parametrize("path", _PATTERN_BY_PATH)
def test_what_steers_the_review_or_git_is_protected(path: str) -> None:
    assert is_protected(path) == f"is protected ({_PATTERN_BY_PATH[path]})"


@pytest.mark.parametrize(
    ("path", "short", "name"),
    [
        ("GITATT~1", "gitatt~1", ".gitattributes"),
        ("a/gitmod~4", "gitmod~4", ".gitmodules"),
        ("LFSCON~1", "lfscon~1", ".lfsconfig"),
        ("github~1/x", "github~1", ".github"),
        ("GI7D29~1", "gi7d29~1", ".github"),
        ("CODEOW~1", "codeow~1", "codeowners"),
        ("AGENTS~1.MD", "agents~1.md", "agents.md"),
        ("cl0a1b~1.md", "cl0a1b~1.md", "claude.md"),
    ],
)
def test_a_short_name_of_a_protected_name_is_protected(path: str, short: str, name: str) -> None:
    assert is_protected(path) == f"is protected ({short} may be the short name of {name})"


@pytest.mark.parametrize(
    "path",
    [
        "src/app.py",
        "README.md",
        "sub/.github/x",
        "github/x",
        "sub/CODEOWNERS",
        "AGENTS.md.txt",
        "a/CONTRIBUTING.md",
        "gift~1",
        "report~1.txt",
        "~1",
        "gitattributes",
        ".gitignore",
        "caf\udce9",
    ],
)
def test_other_paths_are_not_protected(path: str) -> None:
    assert is_protected(path) is None


@given(st.sampled_from(sorted(_PATTERN_BY_PATH)), st.integers(0, 2**20))
def test_case_does_not_unprotect(path: str, flips: int) -> None:
    spelled = "".join(c.swapcase() if flips >> i & 1 else c for i, c in enumerate(path))

    assert is_protected(spelled) is not None


@pytest.mark.parametrize(
    ("paths", "groups"),
    [
        ([], ()),
        (["a", "b", "a/"], (("a", "a/"),)),
        (["a", "b/a", "b/c"], ()),
        (["a", "a"], ()),
        (["README", "readme", "Readme"], (("README", "Readme", "readme"),)),
        (["é", "e\u0301"], (("e\u0301", "é"),)),
        (["straße", "STRASSE"], (("STRASSE", "straße"),)),
        (["a", "A/b", "A/c", "d"], (("A/b", "A/c", "a"),)),
        (["a/b", "a/b/c/d"], (("a/b", "a/b/c/d"),)),
        (["Src/x", "src/y"], ()),
        (["Src/x", "src/X"], (("Src/x", "src/X"),)),
    ],
)
def test_collisions(paths: list[str], groups: tuple[tuple[str, ...], ...]) -> None:
    assert collisions(paths) == groups


_NAMES = st.lists(st.text("aAéE\u0301b", min_size=1, max_size=2), min_size=1, max_size=3).map("/".join)


@given(st.lists(_NAMES, max_size=8))
def test_every_pair_that_collides_shares_a_group_and_no_other_path_is_in_one(paths: list[str]) -> None:
    grouped = [frozenset(group) for group in collisions(paths)]

    colliding = {
        frozenset(pair)
        for pair in combinations(set(paths), 2)
        if any(f"{fold(a)}/" == f"{fold(b)}/"[: len(fold(a)) + 1] for a, b in (pair, pair[::-1]))
    }
    assert all(any(pair <= group for group in grouped) for pair in colliding)
    assert {path for group in grouped for path in group} == {path for pair in colliding for path in pair}


@pytest.mark.parametrize(
    "path",
    [
        *(".circleci/config.yml", ".gitlab-ci.yml", "sub/Jenkinsfile", ".husky/pre-commit", ".vscode/tasks.json"),
        *(".claude/settings.json", ".mcp.json", ".devcontainer/devcontainer.json", ".cursorrules", ".npmrc"),
        *("a/.pre-commit-config.yaml", ".GITLAB-CI.YML", ".yarnrc.yml", ".envrc"),
    ],
)
def test_what_runs_elsewhere_is_for_people(path: str) -> None:
    assert is_protected(path) is not None
