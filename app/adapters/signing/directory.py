"""The directory of keys: one private key that signs, and the public keys of all that ever signed here."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from app.adapters.signing.ed25519 import PublicKey, SigningKey, public_keys
from app.domain.errors import KeyUnavailable

DIRECTORY = "receipt-keys"
"""Below the data directory."""
CURRENT = "current.pem"
PUBLIC_SUFFIX = ".pub.pem"

_LOCK = ".lock"
_MAX_BYTES = 64 * 1024
_MAX_KEYS = 1_000


class KeyDirectory:
    """Blocks for as long as a few small files take. Every call raises KeyUnavailable.

    Files appear whole, by a rename, and one process at a time makes them: two that start together have one key. Whoever
    makes one as root leaves it to the owner of the directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def current(self) -> SigningKey:
        """The key that signs; made when there is none."""
        found = self.existing()
        if found is not None:
            return found
        with self._locked():
            return self.existing() or self._make()

    def existing(self) -> SigningKey | None:
        """The key that signs, or None."""
        text = self._read(CURRENT)
        if text is None:
            return None
        try:
            return SigningKey.parse(text)
        except ValueError as error:
            raise KeyUnavailable(f"{self.path / CURRENT}: {error}; or move the file away to have one made") from None

    def rotate(self) -> SigningKey:
        """Another key signs from now on. The public key of the one before stays."""
        with self._locked():
            before = self.existing()
            if before is not None:
                self._remember(before.public)
            return self._make()

    def remember(self, key: PublicKey) -> None:
        """Keeps a public key, so that what it signed is known here for good."""
        if self._read(key.id + PUBLIC_SUFFIX) is None:
            with self._locked():
                self._remember(key)

    def known(self) -> tuple[PublicKey, ...]:
        """The public keys of all that ever signed here, by id."""
        with self._told():
            names = sorted(name for name in _names(self.path) if name.endswith(PUBLIC_SUFFIX))
        found: dict[str, PublicKey] = {}
        for name in names[:_MAX_KEYS]:
            try:
                found.update({key.id: key for key in public_keys(self._read(name) or "")})
            except ValueError as error:
                raise KeyUnavailable(f"{self.path / name}: {error}; or move the file away") from None
        current = self.existing()
        if current is not None:
            found[current.public.id] = current.public
        return tuple(found[id_] for id_ in sorted(found))

    def _make(self) -> SigningKey:
        """The public key first: there is never a signature of a key that nobody knows."""
        made = SigningKey.generate()
        self._remember(made.public)
        self._write(CURRENT, made.pem())
        return made

    def _remember(self, key: PublicKey) -> None:
        self._write(key.id + PUBLIC_SUFFIX, key.pem.encode())

    def _read(self, name: str) -> str | None:
        with self._told():
            try:
                with open(self.path / name, "rb") as file:  # noqa: PTH123 - read up to a bound
                    return file.read(_MAX_BYTES).decode("utf-8", "replace")
            except FileNotFoundError:
                return None

    def _write(self, name: str, data: bytes) -> None:
        draft = self.path / f".{secrets.token_hex(8)}"
        with self._told():
            try:
                fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
                with open(fd, "wb") as file:  # noqa: PTH123 - of a descriptor
                    self._give_away(fd)
                    file.write(data)
                    file.flush()
                    os.fsync(fd)
                draft.replace(self.path / name)
            finally:
                draft.unlink(missing_ok=True)
            _sync(self.path)

    def _give_away(self, fd: int) -> None:
        if os.geteuid() == 0:
            owner = self.path.stat()
            os.fchown(fd, owner.st_uid, owner.st_gid)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with self._told():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with self._told():
                self._give_away(fd)
                fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            where = error.filename or self.path
            raise KeyUnavailable(
                f"the keys of receipts in {str(self.path)!r} cannot be used: {where}: {error.strerror}; they belong to "
                "the user that runs the worker, and need room on the disk"
            ) from None


def _names(path: Path) -> list[str]:
    try:
        return [child.name for child in path.iterdir()]
    except FileNotFoundError:
        return []


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
