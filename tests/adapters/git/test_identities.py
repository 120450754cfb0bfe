"""Identities of changes as git itself tells them: after a rebase, a push, a move, and of what has no diff."""

from __future__ import annotations

import pytest

from app.adapters.git.local import open_local
from app.domain.identity import identity, same_change
from app.domain.pull_request import Sha
from tests.adapters.git.stores import Files, Store, executable, submodule

LINES = [f"def f{number}():\n    return {number}\n\n\n" for number in range(40)]


def text(**changed: str) -> bytes:
    """A module of forty functions; `f7="..."` gives one another body."""
    return "".join(changed.get(f"f{number}", line) for number, line in enumerate(LINES)).encode()


async def identities(store: Store, base: Sha, head: Sha) -> dict[str, str]:
    repository = await open_local(store.git_dir)
    merge_base = await repository.merge_base(base, head)
    assert merge_base is not None
    return {change.entry.path: identity(change) for change in await repository.changes(merge_base, head)}


async def both(store: Store, old_base: Files, old_head: Files, new_base: Files, new_head: Files) -> dict[str, bool]:
    """Whether each entry is the same change before and after."""
    first = store.commit(old_base)
    before = await identities(store, first, store.commit(old_head, first))
    second = store.commit(new_base, first)
    after = await identities(store, second, store.commit(new_head, second))
    assert before.keys() == after.keys()
    return {path: same_change(before[path], after[path]) for path in before}


CHANGED = "def f20():\n    return 1 / 0\n\n\n"
BODY = "def f3():\n    return 33\n\n\n"


async def test_a_rebase_over_changes_elsewhere_leaves_every_identity(store: Store) -> None:
    moved = b"# a licence\n" * 50
    same = await both(
        store,
        {"a.py": text(), "gone.py": b"g\n", "bin": b"\0", "run": b"r\n", "other": b"1\n"},
        {"a.py": text(f20=CHANGED), "new.py": b"n\n", "bin": b"\0\1", "run": executable(b"r\n"), "other": b"1\n"},
        {"a.py": moved + text(f3=BODY), "gone.py": b"g\n", "bin": b"\0", "run": b"r\n", "other": b"2\n"},
        {
            "a.py": moved + text(f3=BODY, f20=CHANGED),
            "new.py": b"n\n",
            "bin": b"\0\1",
            "run": executable(b"r\n"),
            "other": b"2\n",
        },
    )

    assert same == dict.fromkeys(("a.py", "gone.py", "new.py", "bin", "run"), True)


@pytest.mark.parametrize(
    "head",
    [
        text(f20=CHANGED.replace("1 / 0", "1 /  0")),
        text(f20=CHANGED, f3=BODY),
        text(f21=CHANGED.replace("f20", "f21")),
        text(f20=CHANGED).rstrip(b"\n"),
        text(f20=CHANGED).replace(b"1 / 0", b"1 / \xff"),
        executable(text(f20=CHANGED)),
    ],
)
async def test_any_other_content_is_another_change(store: Store, head: bytes) -> None:
    same = await both(store, {"a.py": text()}, {"a.py": text(f20=CHANGED)}, {"a.py": text()}, {"a.py": head})

    assert same == {"a.py": False}


async def test_bytes_that_look_alike_in_a_diff_are_told_apart(store: Store) -> None:
    base: Files = {"a.txt": b"x\n"}

    assert await both(store, base, {"a.txt": b"\xff\n"}, base, {"a.txt": b"\xfe\n"}) == {"a.txt": False}


async def test_the_same_lines_in_another_place_are_another_change(store: Store) -> None:
    """The hunk is the same to the letter, so that only the content of the whole tells where it stands."""

    def blocks(*, changed: int) -> Files:
        return {"a.c": b"".join(b"{\n\nx()\n\n}\n" if n == changed else b"{\n\n\n}\n" for n in range(30))}

    base = store.commit(blocks(changed=-1))
    heads = [await identities(store, base, store.commit(blocks(changed=n), base)) for n in (5, 20)]
    before, after = (head["a.c"] for head in heads)

    assert before.partition(".")[0] == after.partition(".")[0]
    assert not same_change(before, after)


async def test_a_submodule_is_the_commit_it_points_at(store: Store) -> None:
    base: Files = {"lib": submodule("1" * 40)}
    two: Files = {"lib": submodule("2" * 40)}
    three: Files = {"lib": submodule("3" * 40)}

    assert await both(store, base, two, base, two) == {"lib": True}
    assert await both(store, base, two, base, three) == {"lib": False}
