"""The directory of keys: one key, whoever starts together; rotation; and nothing that others can read."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.adapters.signing.directory import CURRENT, PUBLIC_SUFFIX, KeyDirectory
from app.adapters.signing.ed25519 import SigningKey, public_keys
from app.domain.errors import KeyUnavailable

ROOT = Path(__file__).parents[3]
MAKES = """
import sys
from pathlib import Path
from app.adapters.signing.directory import KeyDirectory
keys = KeyDirectory(Path(sys.argv[1]))
sys.stdin.read(1)
for _ in range(20):
    print((keys.rotate() if sys.argv[2] == "rotate" else keys.current()).public.id, flush=True)
"""


@pytest.fixture
def keys(tmp_path: Path) -> KeyDirectory:
    return KeyDirectory(tmp_path / "data" / "receipt-keys")


def together(keys: KeyDirectory, order: str, *, processes: int = 4) -> list[list[str]]:
    """What each of several processes says that begin at the same time."""
    command = [sys.executable, "-c", MAKES, str(keys.path), order]
    started = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    for one in started:
        assert one.stdin is not None
        one.stdin.write("x")
        one.stdin.flush()
    said = [one.communicate(timeout=60)[0].split() for one in started]
    assert [one.returncode for one in started] == [0] * processes
    return said


def test_a_key_is_made_once_and_only_its_owner_can_read_it(keys: KeyDirectory) -> None:
    assert (keys.existing(), keys.known()) == (None, ())
    made = keys.current()

    assert keys.current().pem() == made.pem()
    assert keys.known() == (made.public,)
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in keys.path.iterdir()} == {0o600}
    assert sorted(one.name for one in keys.path.iterdir()) == sorted([".lock", CURRENT, made.public.id + PUBLIC_SUFFIX])


def test_processes_that_start_together_have_one_key(keys: KeyDirectory) -> None:
    said = together(keys, "current")

    assert {id_ for one in said for id_ in one} == {keys.current().public.id}
    assert len(keys.known()) == 1


def test_rotations_at_the_same_time_lose_no_public_key(keys: KeyDirectory) -> None:
    said = together(keys, "rotate", processes=2)
    made = {id_ for one in said for id_ in one}

    assert len(made) == 40
    assert {key.id for key in keys.known()} == made
    assert keys.current().public.id in made
    assert [one.name for one in keys.path.iterdir() if one.name.startswith(".")] == [".lock"]


def test_a_rotation_keeps_public_keys_and_no_other_private_key(keys: KeyDirectory) -> None:
    first = keys.current()
    second = keys.rotate()

    assert keys.current().public == second.public != first.public
    assert set(keys.known()) == {first.public, second.public}
    everything = b"".join(one.read_bytes() for one in keys.path.iterdir())
    assert everything.count(b"PRIVATE KEY") == 2  # the marks of one
    assert first.pem().split(b"\n")[1] not in everything


def test_a_rotation_without_a_key_makes_the_first(keys: KeyDirectory) -> None:
    assert keys.rotate().public == keys.current().public


def test_a_private_key_that_an_operator_put_there_signs_and_is_known(keys: KeyDirectory) -> None:
    own = SigningKey.generate()
    keys.path.mkdir(parents=True)
    (keys.path / CURRENT).write_bytes(own.pem())

    assert keys.current().public == own.public
    assert keys.known() == (own.public,)
    keys.rotate()
    assert own.public in keys.known()


def test_a_public_key_is_remembered_once(keys: KeyDirectory) -> None:
    given = SigningKey.generate().public
    keys.remember(given)
    written = (keys.path / f"{given.id}{PUBLIC_SUFFIX}").stat().st_mtime_ns
    keys.remember(given)

    assert keys.known() == (given,)
    assert (keys.path / f"{given.id}{PUBLIC_SUFFIX}").stat().st_mtime_ns == written


def test_damaged_files_are_named_and_never_repeated(keys: KeyDirectory) -> None:
    made = keys.current()
    (keys.path / CURRENT).write_text("canary")
    with pytest.raises(KeyUnavailable, match=r"current\.pem: this is not a private key in PEM form") as caught:
        keys.current()
    assert "canary" not in str(caught.value)
    (keys.path / CURRENT).write_bytes(made.pem())
    (keys.path / f"odd{PUBLIC_SUFFIX}").write_text("canary")
    with pytest.raises(KeyUnavailable, match=r"odd\.pub\.pem: there is no public key in PEM form") as caught:
        keys.known()
    assert "canary" not in str(caught.value)


def test_a_place_that_is_no_directory_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "receipt-keys").write_text("a file")
    keys = KeyDirectory(tmp_path / "receipt-keys")

    with pytest.raises(KeyUnavailable, match="they belong to the user that runs the worker"):
        keys.current()
    with pytest.raises(KeyUnavailable, match="cannot be used"):
        keys.known()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_key_that_root_makes_belongs_to_the_owner_of_the_directory(keys: KeyDirectory) -> None:
    """Else `receipt keys rotate` as root would lock the worker out of its own key."""
    keys.current()
    os.chown(keys.path, 12_345, 12_346)
    keys.rotate()

    assert {(one.stat().st_uid, one.stat().st_gid) for one in keys.path.glob("*.pem")} >= {(12_345, 12_346)}
    current = (keys.path / CURRENT).stat()
    assert (current.st_uid, current.st_gid) == (12_345, 12_346)


def test_a_write_that_fails_leaves_nothing_behind(keys: KeyDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    made = keys.current()

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyUnavailable, match="No space left on device"):
        keys.rotate()

    assert keys.current().public == made.public
    assert sorted(one.name for one in keys.path.iterdir()) == sorted([".lock", CURRENT, made.public.id + PUBLIC_SUFFIX])


def test_public_keys_are_read_from_what_is_printed_one_after_the_other(keys: KeyDirectory) -> None:
    first, second = keys.current().public, keys.rotate().public

    assert public_keys(f"first:\n{first.pem}\nsecond:\n{second.pem}") == (first, second)
