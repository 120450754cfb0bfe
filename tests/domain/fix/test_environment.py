"""By what a prepared environment is found: every part of the key matters, and nothing else does."""

from __future__ import annotations

import pytest

from app.domain.fix.environment import environment_key, lock_paths

LOCKS = {"package-lock.json": "a" * 40, "package.json": "b" * 40}


def key(**changed: object) -> str:
    given = {"setup": ["npm ci"], "locks": LOCKS, "root": "/srv/root", "repository": "7", "branch": "main"} | changed
    return environment_key(
        given["setup"],  # type: ignore[arg-type]
        given["locks"],  # type: ignore[arg-type]
        given["root"],  # type: ignore[arg-type]
        repository=given["repository"],  # type: ignore[arg-type]
        branch=given["branch"],  # type: ignore[arg-type]
    )


def test_the_same_is_the_same_in_whatever_order_locks_come() -> None:
    assert key() == key(locks=dict(reversed(LOCKS.items())))
    assert len(key()) == 64


@pytest.mark.parametrize(
    "changed",
    [
        {"setup": ["npm ci", "npm run build"]},
        {"setup": []},
        {"locks": {**LOCKS, "package.json": "c" * 40}},
        {"locks": {"package.json": "b" * 40}},
        {"root": ""},
        {"repository": "8"},
        {"branch": "evil"},
    ],
)
def test_whatever_changes_makes_another(changed: dict[str, object]) -> None:
    assert key(**changed) != key()


def test_the_order_and_the_borders_of_commands_count() -> None:
    assert key(setup=["a", "b"]) != key(setup=["b", "a"])
    assert key(setup=["a", "b"]) != key(setup=["a b"])


@pytest.mark.parametrize(
    "path",
    [
        *("package-lock.json", "web/package.json", "yarn.lock", "requirements.txt", "requirements-dev.txt", "go.sum"),
        *(
            "requirements/test.txt",
            "constraints/all.in",
            "uv.lock",
            "Cargo.toml",
            "Gemfile",
            "x/Foo.csproj",
            "a.gemspec",
        ),
        *("Pipfile", ".nvmrc", "gradle/libs.versions.toml"),
    ],
)
def test_locks_and_manifests_are_found(path: str) -> None:
    assert lock_paths(["README.md", path, "src/a.py"]) == (path,)


def test_other_files_are_not() -> None:
    assert lock_paths(["notes.txt", "src/lock.py", "docs/requirements.md", "LICENSE", "my-package.json"]) == ()


@pytest.mark.parametrize(
    ("setup", "found"),
    [
        (["sh tools/make-env.sh --fast"], ("tools/make-env.sh",)),
        (["./prepare", "cd tools && sh Make-Env.sh"], ("prepare", "tools/make-env.sh")),
        (["pip install -r 'deps/wanted.txt'"], ("deps/wanted.txt",)),
        (["echo done"], ()),
    ],
)
def test_what_the_commands_name_counts(setup: list[str], found: tuple[str, ...]) -> None:
    paths = ["tools/make-env.sh", "prepare", "deps/wanted.txt", "src/app.py"]
    assert lock_paths(paths, setup) == found


def test_they_come_sorted_and_once() -> None:
    assert lock_paths(["go.sum", "a/go.mod", "go.mod", "go.sum"]) == ("a/go.mod", "go.mod", "go.sum")
