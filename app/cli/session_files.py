"""Files of recorded reviews: written once and for their owner alone, read within a bound."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from app.domain.errors import SessionInvalid
from app.domain.session import Session
from app.domain.session_file import lines, read

MAX_BYTES = 256 * 1024 * 1024

Write = Callable[[Session], None]


@contextlib.contextmanager
def new_session_file(path: Path) -> Iterator[Write]:
    """A file that did not exist before, made at once so that no review is paid for in vain. Raises SessionInvalid.

    When the block fails nothing is left of it.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise SessionInvalid(f"{str(path)!r} is there already; name a file that is not") from None
    except OSError as error:
        raise SessionInvalid(f"{str(path)!r} cannot be written: {error.strerror}") from None

    def write(session: Session) -> None:
        try:
            with os.fdopen(os.dup(descriptor), "w", encoding="ascii", newline="\n") as file:
                file.writelines(f"{line}\n" for line in lines(session))
        except OSError as error:
            raise SessionInvalid(f"{str(path)!r} was not written to its end: {error.strerror}") from None

    with contextlib.ExitStack() as undo:
        undo.callback(path.unlink, missing_ok=True)
        try:
            yield write
        finally:
            os.close(descriptor)
        undo.pop_all()


def read_session(path: Path) -> Session:
    """Raises SessionInvalid, which names the file."""
    try:
        with path.open("rb") as file:
            small = os.fstat(file.fileno()).st_size <= MAX_BYTES
            data = file.read(MAX_BYTES + 1) if small else b""
    except OSError as error:
        raise SessionInvalid(f"{str(path)!r} cannot be read: {error.strerror}") from None
    if not small or len(data) > MAX_BYTES:
        raise SessionInvalid(f"{str(path)!r} has more than {MAX_BYTES >> 20} MB, which no recorded review has")
    try:
        return read(data.decode("ascii").removesuffix("\n").split("\n") if data else ())
    except UnicodeDecodeError as error:
        raise SessionInvalid(f"{str(path)!r}: byte {error.start + 1} is no ASCII: no recorded review") from None
    except SessionInvalid as error:
        raise SessionInvalid(f"{str(path)!r}: {error}") from None
