"""The last look at a fix before it is pushed: what is refused, in which words, and what is let through."""

from __future__ import annotations

import difflib
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.blobs import blob_id
from app.domain.entries import Entry, Kind, Side, Status
from app.domain.fix.guards import GuardedChange, GuardPolicy, guard
from app.domain.fix.install_hooks import changed_hooks
from app.domain.objects import Change, NotDiffed
from app.domain.patches import Refusal
from app.domain.policy import FixPolicy, Policy
from tests.build import diff_of

KEY = "ghp_" + "wX7kQ2mN9pL4rT8vB3cD6fG1hJ5sZ0aYeUio"


def side(content: bytes | None, mode: str) -> Side | None:
    return None if content is None else Side(mode, blob_id(content), Kind.of_mode(mode))


def changed(
    path: str,
    before: bytes | None,
    after: bytes | None,
    *,
    modes: tuple[str, str] = ("100644", "100644"),
    not_diffed: NotDiffed | None = None,
) -> GuardedChange:
    status = Status.ADDED if before is None else Status.DELETED if after is None else Status.MODIFIED
    entry = Entry(path, status, side(before, modes[0]), side(after, modes[1]))
    old, new = ((data or b"").decode("utf-8", "replace").split("\n")[:-1] for data in (before, after))
    rows = [row for row in difflib.ndiff(old, new) if not row.startswith("?")]
    diff = diff_of(*(row[0] + row[2:] for row in rows))
    return GuardedChange(Change(entry, None if not_diffed else diff, not_diffed), before, after)


def told(*changes: GuardedChange, policy: GuardPolicy | None = None) -> list[tuple[str, str]]:
    return [(one.path, one.reason) for one in guard(changes, policy or GuardPolicy())]


GOOD = changed("src/app.py", b"a = 1\nb = 2\n", b"a = 1\nb = 3\n")


def test_a_small_change_of_text_is_let_through() -> None:
    executable = ("100755", "100755")
    latest = changed("run.sh", b"echo 1\r\n", b"\xef\xbb\xbfecho 2\r\n", modes=executable)

    assert (
        told(GOOD, changed("new.py", None, b"x = 1\n"), changed("old.sh", b"x\n", None, modes=executable), latest) == []
    )


def test_no_path_has_a_secret() -> None:
    assert told(changed(f"a-{KEY}.txt", None, b"1\n")) == [(f"a-{KEY}.txt", "has a secret in its name")]
    assert GuardPolicy().path_refusal(f"{KEY}/a.py") == "has a secret in its name"


def test_nothing_is_no_fix() -> None:
    assert guard([], GuardPolicy()) == (Refusal("", "it changes nothing"),)


LINK = ("120000", "120000")
REFUSED: dict[str, tuple[GuardedChange, str]] = {
    "a path": (
        changed("uv.lock", b"a\n", b"b\n"),
        "is a lock file (**/*.lock), and only people change it",
    ),
    "a protected path": (
        changed(".github/workflows/x.yml", None, b"on: push\n"),
        "is protected (.github/workflows/**)",
    ),
    "a deletion of one": (changed("CODEOWNERS", b"* @a\n", None), "is protected (CODEOWNERS)"),
    "a link": (changed("x", None, b"../y", modes=LINK), "is or would be a symbolic link"),
    "a file in place of a link": (
        changed("x", b"y", b"z\n", modes=("120000", "100644")),
        "is or would be a symbolic link",
    ),
    "a link in place of a file": (
        changed("x", b"y\n", b"z", modes=("100644", "120000")),
        "is or would be a symbolic link",
    ),
    "a deleted link": (changed("x", b"y", None, modes=LINK), "is or would be a symbolic link"),
    "a submodule": (changed("x", None, b"", modes=("160000", "160000")), "is or would be a submodule"),
    "a new executable": (changed("x.sh", None, b"1\n", modes=("", "100755")), "would be a new executable file"),
    "made executable": (
        changed("x.sh", b"1\n", b"1\n", modes=("100644", "100755")),
        "would have its mode changed from 100644 to 100755",
    ),
    "made plain": (
        changed("x.sh", b"1\n", b"2\n", modes=("100755", "100644")),
        "would have its mode changed from 100755 to 100644",
    ),
    "unread": (replace(GOOD, after=None), "was not read whole"),
    "unread before": (replace(GOOD, before=None), "was not read whole"),
    "read though it is gone": (replace(changed("x", b"1\n", None), after=b""), "was not read whole"),
    "no diff": (
        changed("x", b"1\n", b"2\n", not_diffed=NotDiffed.TOO_LARGE),
        "has no diff that could be looked at (too large)",
    ),
    "binary": (changed("x.png", b"1\n", b"1\n\0"), "is or would be binary: it has a NUL byte or is not UTF-8"),
    "was binary": (changed("x.png", b"1\n\0", b"1\n"), "is or would be binary: it has a NUL byte or is not UTF-8"),
    "not UTF-8": (changed("x.txt", b"1\n", b"caf\xe9\n"), "is or would be binary: it has a NUL byte or is not UTF-8"),
    "too large": (changed("x.txt", b"1\n", b"x" * 500_001), "would have 500001 bytes, over 500000"),
    "a secret": (
        changed("x.py", b"1\n", f"1\nk = '{KEY}'\n".encode()),
        "has in line 2: Secret in the change: github token",
    ),
    "a secret in a test": (
        changed("tests/x.py", b"1\n", f"1\nk = '{KEY}'\n".encode()),
        "has in line 2: Secret in the change: github token",
    ),
    "bidirectional control": (
        changed("x.py", b"1\n", "1\n# \u202e x\n".encode()),
        "has in line 2: Hidden characters change the order in which the line is shown",
    ),
    "zero width": (
        changed("x.py", b"1\n", "1\na\u200bb = 1\n".encode()),
        "has in line 2: Invisible characters in the line",
    ),
    "look-alikes": (
        changed("x.py", b"1\n", "1\np\u0430y = 1\n".encode()),
        "has in line 2: Look-alike letters of another script in a Latin word",
    ),
    "a marker of a conflict": (
        changed("x.py", b"1\n", b"1\n<<<<<<< HEAD\n"),
        "would have a marker of a merge conflict in line 2",
    ),
    "another marker": (changed("x.py", b"1\n", b"1\n>>>>>>>\r\n"), "would have a marker of a merge conflict in line 2"),
    "the middle of a conflict": (
        changed("x.py", b"<<<<<<< a\n>>>>>>> b\n", b"<<<<<<< a\n=======\n>>>>>>> b\n"),
        "has in line 2: Merge conflict was committed",
    ),
    "a script of npm": (
        changed("web/package.json", b'{"scripts": {}}', b'{"scripts": {"postinstall": "x"}}'),
        "would change 'scripts', of which only people decide what is run",
    ),
}


@pytest.mark.parametrize(("change", "reason"), REFUSED.values(), ids=REFUSED)
def test_one_refusal_is_about_its_path(change: GuardedChange, reason: str) -> None:
    refusals = told(GOOD, change)

    assert refusals == [(change.change.entry.path, reason)]
    assert KEY not in str(refusals)


def test_every_reason_is_told() -> None:
    secret = changed("go.sum", b"1\n", f"1\nk = '{KEY}'\n<<<<<<< a\n".encode())

    assert [reason for _, reason in told(secret)] == [
        "is a lock file (**/go.sum), and only people change it",
        "would have a marker of a merge conflict in line 3",
        "has in line 2: Secret in the change: github token",
    ]


def test_lines_are_counted_in_all() -> None:
    policy = GuardPolicy(Policy(fix=FixPolicy(max_changed_lines=3)))
    three = changed("a.py", b"1\n2\n", b"1\n3\n4\n")

    assert told(three, policy=policy) == []
    assert told(three, changed("b.py", None, b"1\n"), policy=policy) == [
        ("", "it changes 4 lines, over 3 (fix.max_changed_lines)")
    ]


def test_files_are_counted() -> None:
    files = [changed(f"{n}.py", None, b"1\n") for n in range(20)]

    assert told(*files) == []
    assert told(*files, GOOD) == [("", "it changes 21 files, over 20")]


def test_two_spellings_of_one_path() -> None:
    assert told(changed("A.py", b"1\n", None), changed("a.py", None, b"1\n")) == [
        ("A.py", "is the same path as 'a.py', or lies below it, on some file systems")
    ]


def test_leave_lifts_what_is_guarded_by_name() -> None:
    policy = GuardPolicy(allow_paths=("uv.lock", "package.json"))
    script = changed("package.json", b"{}", b'{"scripts": {"x": "y"}}')

    assert told(changed("uv.lock", b"1\n", b"2\n"), script, policy=policy) == []
    assert told(changed("uv.lock", b"1\n", KEY.encode() + b"\n"), policy=policy) == [
        ("uv.lock", "has in line 1: Secret in the change: github token")
    ]


BUILD = b'[build-system]\nrequires = ["hatchling"]\n'
ELSEWHERE = "would change where dependencies come from, of which only people decide"
MANIFESTS: dict[str, tuple[str, bytes | None, bytes | None, str | None]] = {
    "another file": ("src/package.py", b"1", b"2", None),
    "deleted": ("package.json", b'{"scripts": {"x": "y"}}', None, "would be deleted"),
    "a version": ("package.json", b'{"version": "1"}', b'{"version": "2"}', None),
    "the same scripts": ("package.json", b'{"scripts": {"x": "y"}, "a": 1}', b'{"scripts": {"x":"y"}, "a": 2}', None),
    "a new one": ("package.json", None, b'{"name": "x"}', None),
    "a new one with scripts": ("a/package.json", None, b'{"scripts": {"x": "y"}}', "would change 'scripts'"),
    "another spelling": ("Package.JSON", b"{}", b'{"scripts": {"x": "y"}}', "would change 'scripts'"),
    "a byte order mark": ("package.json", b"{}", b'\xef\xbb\xbf{"scripts": {"x": "y"}}', "would change 'scripts'"),
    "no object": ("package.json", b"{}", b"[]", None),
    "a key twice": (
        "package.json",
        b"{}",
        b'{"scripts": {}, "scripts": {"x": "y"}}',
        "would be a manifest that cannot",
    ),
    "no JSON": ("package.json", b"{}", b"{", "would be a manifest that cannot be read"),
    "too deep": ("package.json", b"{}", b"[" * 100_000, "would be a manifest that cannot be read"),
    "mended": ("package.json", b"{", b'{"name": "x"}', None),
    "mended with scripts": ("package.json", b"{", b'{"scripts": {"x": "y"}}', "would change 'scripts'"),
    "composer": ("composer.json", b"{}", b'{"scripts": {"x": "y"}}', "would change 'scripts'"),
    "deno": ("deno.json", b"{}", b'{"tasks": {"x": "y"}}', "would change 'tasks'"),
    "python": ("pyproject.toml", BUILD, BUILD.replace(b"hatch", b"patch"), "would change 'build-system'"),
    "a hook of hatch": (
        "pyproject.toml",
        BUILD,
        BUILD + b"[tool.hatch.build.hooks.custom]\n",
        "would change 'tool.hatch.build'",
    ),
    "another table": ("pyproject.toml", BUILD, BUILD + b"[tool.ruff]\nline-length = 99\n", None),
    "an index of uv": (
        "pyproject.toml",
        BUILD,
        BUILD + b"[tool.uv]\nindex='https://e'\n",
        "would change 'tool.uv'",
    ),
    "a version of Python": (
        "pyproject.toml",
        BUILD + b"[project]\ndependencies=['a>=1']\n",
        BUILD + b"[project]\ndependencies=['a>=2', 'b; os_name == \"a/b\"']\n",
        None,
    ),
    "a dependency from git": (
        "pyproject.toml",
        BUILD,
        BUILD + b"[project]\ndependencies=['a @ git+https://e']\n",
        ELSEWHERE,
    ),
    "no manifest any more": ("pyproject.toml", BUILD, None, "would be deleted"),
    "npm from git": ("package.json", b"{}", b'{"dependencies": {"a": "git+https://e/a.git"}}', ELSEWHERE),
    "npm from a user": ("package.json", b"{}", b'{"devDependencies": {"a": "user/a"}}', ELSEWHERE),
    "npm version": ("package.json", b'{"dependencies": {"a": "^1"}}', b'{"dependencies": {"a": "^2"}}', None),
    "npm overrides": ("package.json", b"{}", b'{"overrides": {"a": "1"}}', "would change 'overrides'"),
    "cargo version": ("Cargo.toml", b"[dependencies]\na='1'\n", b"[dependencies]\na={version='2'}\n", None),
    "cargo path": ("Cargo.toml", b"[dependencies]\na='1'\n", b"[dependencies]\na={path='b'}\n", ELSEWHERE),
    "cargo build": ("Cargo.toml", b"", b"[package]\nbuild='b.rs'\n", "would change 'package.build'"),
    "a table too deep": (
        "Cargo.toml",
        b"",
        b"[target" + b".a" * 12 + b"]\n",
        ELSEWHERE,
    ),
    "requirements": ("requirements.txt", b"a==1 # of x/y\n-r b.txt\n", b"a==2\nc\n-r b.txt\n", None),
    "new requirements": ("requirements/dev.txt", None, b"a==1\n", None),
    "an index": ("dev-requirements.txt", b"a==1\n", b"--extra-index-url https://e\na==1\n", ELSEWHERE),
    "a short option": ("requirements-dev.in", b"a==1\n", b"-r b\na==1\n", ELSEWHERE),
    "a requirement by url": ("requirements.txt", b"a==1\n", b"a @ \\\n  https://e/a.whl\n", ELSEWHERE),
    "a requirement by path": ("requirements.txt", b"a==1\n", b"./a\n", ELSEWHERE),
    "a hash": ("requirements.txt", b"a==1 --hash=sha256:a\n", b"a==1\n", "pins dependencies by their hashes"),
    "no TOML": ("pyproject.toml", BUILD, b"[", "would be a manifest that cannot be read"),
    "bytes that are no text": ("pyproject.toml", BUILD, b"\xff", "would be a manifest that cannot be read"),
}


@pytest.mark.parametrize(("path", "before", "after", "words"), MANIFESTS.values(), ids=MANIFESTS)
def test_manifests(path: str, before: bytes | None, after: bytes | None, words: str | None) -> None:
    reason = changed_hooks(path, before, after)

    assert reason is None if words is None else (reason or "").startswith(words)


_CONTENT = st.none() | st.binary(max_size=40) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace"))
_MODES = st.sampled_from(["100644", "100755", "120000", "160000", "100664"])


@given(st.text(max_size=30), _CONTENT, _CONTENT, _MODES, _MODES)
def test_what_is_let_through_is_plain_text_with_its_mode(
    path: str, before: bytes | None, after: bytes | None, old: str, new: str
) -> None:
    assume(before is not None or after is not None)
    change = changed(path, before, after, modes=(old, new))

    if not guard([change], GuardPolicy()):
        modes = [one.mode for one in change.change.entry.sides]
        assert path
        assert len(set(modes)) == 1
        assert {"120000", "160000"}.isdisjoint(modes)
        assert "\0" not in (after or b"").decode()
