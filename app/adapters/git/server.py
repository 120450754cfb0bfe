"""The GitHub that mirrors fetch from: its URL, what git may do there, and how its refusals read."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from app.domain.errors import GitFailed, SettingsInvalid
from app.domain.pull_request import RepositoryName

_LOW_SPEED_BYTES = 1000
_LOW_SPEED_SECONDS = 30
_NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]+")
_REFUSED_SHA = re.compile(r"(?:not our ref|unadvertised object) ([0-9a-f]{40})")

# Objects of old but honest repositories that fsck finds fault with: wrong to write, harmless to read.
FORGIVEN = ("zeroPaddedFilemode", "badTimezone", "missingSpaceBeforeDate")
_NEVER_FORGIVEN = re.compile(
    r"hasDot.*|fullPathname|gitmodules.*|gitattributes.*|duplicateEntries|treeNotSorted", re.IGNORECASE
)
_FSCK_ID = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True, slots=True)
class GitHubServer:
    """Where repositories are cloned from. Plain http is for a loopback address only, as in tests."""

    url: str
    forgiven: tuple[str, ...] = FORGIVEN
    """Ids of fsck messages that only warn. Those that protect from hostile trees cannot be among them."""
    proxy: str | None = None
    ca_file: str | None = None

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            host = "" if parts.username or parts.query else parts.hostname
        except ValueError:
            raise SettingsInvalid(f"the GitHub URL is none: {self.url!r}") from None
        if parts.scheme not in {"https", "http"} or not host:
            raise SettingsInvalid(f"the GitHub URL must look like https://github.com, not {self.url!r}")
        if parts.scheme == "http" and not _is_loopback(host):
            raise SettingsInvalid(f"the GitHub URL must be https: tokens would travel in the open to {self.url!r}")
        for name in self.forgiven:
            if _FSCK_ID.fullmatch(name) is None or _NEVER_FORGIVEN.fullmatch(name):
                raise SettingsInvalid(
                    f"git's check {name!r} cannot be waived: it is unknown or keeps hostile trees out"
                )

    @property
    def origin(self) -> str:
        """scheme://host[:port], which is all that a credential is for."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def protocols(self) -> tuple[str, ...]:
        return (urlsplit(self.url).scheme,)

    @property
    def config(self) -> tuple[tuple[str, str], ...]:
        """What every transfer needs beyond the configuration of every git."""
        pairs = [
            ("http.lowSpeedLimit", str(_LOW_SPEED_BYTES)),
            ("http.lowSpeedTime", str(_LOW_SPEED_SECONDS)),
            # A pack appears whole or not at all. Unpacked into single files, a commit of a killed fetch could be
            # there without its trees.
            ("fetch.unpackLimit", "1"),
            *((f"fetch.fsck.{name}", "warn") for name in self.forgiven),
        ]
        if self.proxy is not None:
            pairs.append(("http.proxy", self.proxy))
        if self.ca_file is not None:
            pairs.append(("http.sslCAInfo", self.ca_file))
        return tuple(pairs)

    def clone_url(self, repository: RepositoryName) -> str:
        """Where git finds the repository; names that GitHub would never give are refused."""
        for name in (repository.owner, repository.name):
            if _NAME.fullmatch(name) is None:
                raise GitFailed(f"not the name of a GitHub repository: {str(repository)!r}")
        return f"{self.url.rstrip('/')}/{quote(repository.owner)}/{quote(repository.name)}.git"


def refused_sha(message: str) -> str | None:
    """The object id that a server would not serve, as its refusal names it."""
    match = _REFUSED_SHA.search(message)
    return match[1] if match else None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
