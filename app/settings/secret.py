"""A string that cannot be printed, logged or stored by accident."""

from __future__ import annotations

import hmac
from typing import NoReturn, final

_HIDDEN = "***"


@final
class Secret:
    """Only `expose()` gives the value; every other way to text gives `***`."""

    __slots__ = ("_value",)

    _value: str

    def __init__(self, value: str) -> None:
        self._value = value

    def expose(self) -> str:
        """The value itself, for the one place that needs it."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({_HIDDEN})"

    def __str__(self) -> str:
        return _HIDDEN

    def __format__(self, format_spec: str) -> str:
        return _HIDDEN

    def __eq__(self, other: object) -> bool:
        """In time that tells nothing about the value."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(
            self._value.encode("utf-8", "surrogatepass"), other._value.encode("utf-8", "surrogatepass")
        )

    # A hash would be a fingerprint of the value.
    __hash__ = None  # type: ignore[assignment]

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be pickled")
