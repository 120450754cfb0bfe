"""Who signs: the given key, else the directory's, read anew each time; and whose signatures count."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.adapters.signing.directory import KeyDirectory
from app.adapters.signing.ed25519 import SigningKey
from app.adapters.signing.signer import KeySigner
from app.domain.errors import KeyUnavailable


@pytest.fixture
def keys(tmp_path: Path) -> KeyDirectory:
    return KeyDirectory(tmp_path / "receipt-keys")


async def test_a_rotation_is_noticed_without_a_restart_and_old_signatures_count(keys: KeyDirectory) -> None:
    signer = KeySigner(keys)
    await signer.ready()
    before = await signer.sign(b"one")
    made = keys.rotate()
    after = await signer.sign(b"two")
    known = await signer.keys()

    assert (after.key, before.key) == (made.public.id, next(id_ for id_ in known if id_ != made.public.id))
    assert known[before.key](before.value, b"one")
    assert known[after.key](after.value, b"two")
    assert signer.current() is not None


async def test_a_given_key_signs_and_no_other_is_made(keys: KeyDirectory) -> None:
    given = SigningKey.generate()
    signer = KeySigner(keys, given)
    await signer.ready()
    signature = await signer.sign(b"one")

    assert signature.key == given.public.id
    assert signer.current() is given
    assert keys.existing() is None


async def test_what_an_earlier_given_key_signed_still_counts(keys: KeyDirectory) -> None:
    old, new = SigningKey.generate(), SigningKey.generate()
    signature = await KeySigner(keys, old).sign(b"one")
    signer = KeySigner(keys, new)

    assert [key.id for key in signer.known()] == [new.public.id, old.public.id]
    assert (await signer.keys())[signature.key](signature.value, b"one")
    await signer.sign(b"two")
    assert len(signer.known()) == 2


async def test_a_given_key_signs_where_nothing_can_be_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "receipt-keys").write_text("no directory")
    given = SigningKey.generate()
    signature = await KeySigner(KeyDirectory(tmp_path / "receipt-keys"), given).sign(b"one")

    assert given.public.verifies(signature.value, b"one")
    assert "cannot be kept for later" in caplog.text


async def test_without_a_usable_directory_nothing_starts(tmp_path: Path) -> None:
    (tmp_path / "receipt-keys").write_text("no directory")

    with pytest.raises(KeyUnavailable, match="cannot be used"):
        await KeySigner(KeyDirectory(tmp_path / "receipt-keys")).ready()
