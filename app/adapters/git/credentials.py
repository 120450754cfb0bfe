"""Handing a token to git through an inherited pipe: never on argv, in an environment, in a URL or on disk."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.errors import GitFailed

_TOKEN = re.compile(r"[!-~]+")
_PIPE_HOLDS = 60_000  # a little less than Linux gives a pipe, so that filling it never blocks
_MOST_ANSWERS = 16

# git may ask more than once in one command: each answer takes one record, line by line, and leaves the rest. `read`
# and `printf` are built into sh, so no process ever has the token on its argv, and nothing is exported. /dev/fd,
# because sh understands only one digit after `<&`.
_HELPER = (
    '!f() {{ test "$1" = get || exit 0;'
    " {{ IFS= read -r name && IFS= read -r word; }} < /dev/fd/{fd} || exit 1;"
    ' printf "%s\\n" "username=$name" "password=$word"; }}; f'
)


@dataclass(frozen=True, slots=True)
class Credential:
    """What a git process needs to get the token: configuration, and a file descriptor to inherit."""

    config: tuple[tuple[str, str], ...]
    fd: int


@contextlib.contextmanager
def offered(token: str, *, origin: str) -> Iterator[Credential]:
    """Offer the token to git for `origin` (scheme://host[:port]) alone."""
    if _TOKEN.fullmatch(token) is None:
        raise GitFailed("the installation token is empty or has characters that no token has")
    record = f"x-access-token\n{token}\n".encode("ascii")
    answers = min(_MOST_ANSWERS, _PIPE_HOLDS // len(record))
    if answers == 0:
        raise GitFailed("the installation token is too long for a pipe")
    reading, writing = os.pipe()
    try:
        try:
            os.write(writing, record * answers)
        finally:
            os.close(writing)  # so that git, past the last record, finds an end instead of waiting
        yield Credential(
            config=(("credential.helper", ""), (f"credential.{origin}.helper", _HELPER.format(fd=reading))),
            fd=reading,
        )
    finally:
        os.close(reading)
