"""Parsers of single settings. Each raises ValueError that says what is wrong and what to do."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import SplitResult, urlsplit

Choice = TypeVar("Choice", bound=str)

_MAX_PORT = 65_535
_PRIVATE_SUFFIXES = (".local", ".internal", ".lan", ".home.arpa", ".svc", ".svc.cluster.local")


def one_of(*choices: Choice) -> Callable[[str], Choice]:
    """One of these words."""

    def parse(text: str) -> Choice:
        for choice in choices:
            if text == choice:
                return choice
        raise ValueError(f"{text!r} is not one of {', '.join(choices)}")

    return parse


def positive(text: str) -> int:
    """A whole number as GitHub's ids are."""
    if not re.fullmatch(r"[0-9]{1,18}", text) or int(text) == 0:
        raise ValueError(f"{text!r} is not a number; write the numeric id")
    return int(text)


def positives(text: str) -> frozenset[int]:
    """Such numbers, separated by commas."""
    return frozenset(positive(part.strip()) for part in text.split(","))


def number(low: float, high: float) -> Callable[[str], float]:
    """A plain decimal number within bounds."""

    def parse(text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text) or not low <= float(text) <= high:
            raise ValueError(f"{text!r} is not a number from {low:g} to {high:g}")
        return float(text)

    return parse


def whole(low: int, high: int) -> Callable[[str], int]:
    """The same without a fraction."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return parse


def port(text: str) -> int:
    """A TCP port; 0 lets the system choose."""
    if text.startswith("tcp://"):
        raise ValueError(
            "this comes from a Kubernetes Service named revwright; set `enableServiceLinks: false` in the pod"
        )
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > _MAX_PORT:
        raise ValueError(f"{text!r} is not a port number from 0 to 65535")
    return int(text)


def host(text: str) -> str:
    """A name or address to listen on."""
    if not re.fullmatch(r"[A-Za-z0-9._:%-]+", text):
        raise ValueError(f"{text!r} is not a host name or address; write for example 127.0.0.1, 0.0.0.0 or ::")
    return text


def model_name(text: str) -> str:
    if not re.fullmatch(r"[!-~]{1,200}", text):
        raise ValueError(f"{text!r} is not a model's name: no spaces, at most 200 characters")
    return text


def model_names(text: str) -> tuple[str, ...]:
    """Such names, separated by commas; each counts once."""
    return tuple(dict.fromkeys(model_name(part.strip()) for part in text.split(",")))


def api_key(text: str) -> str:
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError("the key has spaces or characters that no HTTP header takes; copy it again")
    return text


def webhook_secret(text: str) -> str:
    """Long enough that nobody can guess it offline from a signed delivery."""
    size = len(text.encode("utf-8", "surrogateescape"))
    if size < 32:  # noqa: PLR2004 - the message says it
        raise ValueError(
            f"{size} bytes are too short, 32 is the least; make one with `openssl rand -hex 32` and set it in the "
            "App's settings too"
        )
    return text


def absolute_path(text: str) -> Path:
    """A path that means the same wherever a process is started."""
    path = Path(text)
    if not path.is_absolute() or ".." in path.parts or text.startswith("//"):
        raise ValueError(f"{text!r} is not an absolute path without `..`; write one that begins with one /")
    return path


def user_name(text: str) -> str:
    """The name or number of a user of this system."""
    if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,30}\$?|[0-9]{1,9}", text):
        raise ValueError(f"{text!r} is not the name or number of a user")
    return text


def data_dir(home: str) -> Callable[[str], Path]:
    """An absolute path, or one below `home` when it begins with `~/`."""

    def parse(text: str) -> Path:
        path = Path(home, text[2:]) if home and text.startswith("~/") else Path(text)
        if not path.is_absolute():
            raise ValueError(f"{text!r} is not an absolute path; write one that begins with /")
        return path

    return parse


def web_url(text: str) -> str:
    """The base of an https address, without a slash at its end; http is for this machine only."""
    parts = _split(text)
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise ValueError("plain http is allowed for this machine only; write an https:// URL")
    return text.rstrip("/")


def model_url(text: str) -> str:
    """The same, but http may lead to a server in a private network, where many model servers have no TLS."""
    parts = _split(text)
    if parts.scheme == "http" and nearness(text) == "public":
        raise ValueError("plain http is allowed within a private network only; write an https:// URL")
    return text.rstrip("/")


def nearness(url: str) -> Literal["loopback", "private", "public"]:
    """Where the host of a valid URL seems to be."""
    name = urlsplit(url).hostname or ""
    if _is_loopback(name):
        return "loopback"
    try:
        return "private" if ipaddress.ip_address(name).is_private else "public"
    except ValueError:
        return "private" if "." not in name or name.endswith(_PRIVATE_SUFFIXES) else "public"


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def _split(text: str) -> SplitResult:
    """The parts of a URL that has a scheme, a host, perhaps a port and a path, and nothing else."""
    example = "write something like https://host.example/path"
    try:
        parts = urlsplit(text)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not re.fullmatch(r"[!-\[\]-~]+", text):
        # The text is not repeated: it may hold a password.
        raise ValueError(f"this is not a URL; {example}")
    if "@" in parts.netloc:
        raise ValueError(f"user name and password have no place here; {example}")
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise ValueError(f"a query or fragment has no place here; {example}")
    return parts
