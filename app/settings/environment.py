"""Reads settings one by one and collects every problem, so that a person sees all of them at once."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import TypeVar

from app.domain.errors import SettingsInvalid
from app.settings.catalogue import BY_NAME, FILE_SUFFIX, NAMES

T = TypeVar("T")

_PREFIX = "REVWRIGHT_"
_MAX_FILE_BYTES = 65_536

# Kubernetes puts these into every pod beside a Service whose name begins with revwright.
_SERVICE_LINK = re.compile(
    r"REVWRIGHT_(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_\w+)?)?)"
)


class Environment:
    """`parse` functions raise ValueError with words for the operator: what is wrong and what to do.

    Those words never repeat the value of a secret.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []
        self.warnings: list[str] = []

    def given(self, name: str) -> bool:
        """Whether the operator said anything; an empty value is none."""
        return bool(self._value(name) or self._value(name + FILE_SUFFIX))

    def read(self, name: str, parse: Callable[[str], T]) -> T | None:
        """The parsed value, or default; None when there is neither, or when it is wrong and noted as a problem."""
        setting = BY_NAME[name]
        try:
            text = self._value(name)
            if setting.file:
                text = self._from_file(name, text)
            text = text or setting.default
            return parse(text) if text else None
        except ValueError as error:
            self.problems.append(f"{name}: {error}")
            return None

    def refuse_unknown(self) -> None:
        """A misspelt setting would silently be its default."""
        for name in sorted(set(self._environ) - NAMES):
            if name.upper().startswith(_PREFIX):
                (nearest,) = get_close_matches(name.upper(), NAMES, n=1, cutoff=0.0)
                hint = f"there is no such setting; did you mean {nearest}?"
                if _SERVICE_LINK.fullmatch(name):
                    hint = (
                        "this seems to come from a Kubernetes Service of that name; set `enableServiceLinks: false` "
                        f"in the pod (the nearest setting is {nearest})"
                    )
                self.problems.append(f"{name}: {hint}")

    def finish(self) -> None:
        """Raises SettingsInvalid with every problem at once."""
        if self.problems:
            raise SettingsInvalid(told(self.problems))

    def _value(self, name: str) -> str:
        return self._environ.get(name, "").strip()

    def _from_file(self, name: str, text: str) -> str:
        path = self._value(name + FILE_SUFFIX)
        if not path:
            return text
        if text:
            raise ValueError(f"{name}{FILE_SUFFIX} is set too; keep one of the two")
        return self._content(name + FILE_SUFFIX, path)

    def _content(self, name: str, path: str) -> str:
        try:
            with open(path, "rb") as file:  # noqa: PTH123 - one open file is both looked at and read
                mode = os.fstat(file.fileno()).st_mode
                data = file.read(_MAX_FILE_BYTES + 1)
        except OSError as error:
            raise ValueError(f"the file {path!r} that {name} names cannot be read: {error.strerror}") from None
        if stat.S_ISREG(mode) and mode & stat.S_IROTH:
            self.warnings.append(f"{name}: everybody on this machine can read {path!r}; run `chmod o-r` on it")
        if len(data) > _MAX_FILE_BYTES:
            raise ValueError(f"the file {path!r} that {name} names is too large to be the right one")
        try:
            text = data.decode("utf-8").strip()
        except UnicodeDecodeError:
            raise ValueError(f"the file {path!r} that {name} names is not a text file") from None
        if not text:
            raise ValueError(f"the file {path!r} that {name} names is empty")
        return text


def told(problems: list[str]) -> str:
    """Problems of settings in one message."""
    if len(problems) == 1:
        return problems[0]
    return "\n".join([f"{len(problems)} settings need attention:", *(f"  {problem}" for problem in problems)])
