"""What git said when it failed: one line fit for a log, and whether trying again may help."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable

from app.domain.entries import display_path

_LONGEST_MESSAGE = 300
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
_REFUSED_OBJECT = re.compile(r"error: object [0-9a-f]{40}: ")
_TOKEN_SHAPED = re.compile(r"\b(?:gh[a-z]_|github_pat_)[A-Za-z0-9._-]+")

# Fragments of messages of git, curl and TLS libraries after which the same command may well succeed.
_PASSING = re.compile(
    r"""could\ not\ resolve | failed\ to\ connect | couldn't\ connect | connection | timed\ out | timeout
      | returned\ error:\ (?:5\d\d|429|408) | early\ eof | rpc\ failed | unexpected\ disconnect | hung\ up
      | too\ slow | empty\ reply | (?:recv|send)\ failure | ssl_ | gnutls | tls\  | http/2 | curl\ \d+
      | protocol\ error | bad\ pack\ header | pack\ is\ corrupted
    """,
    re.IGNORECASE | re.VERBOSE,
)

_UNAUTHORIZED = re.compile(
    r"authentication failed|returned error: 401|could not read (?:username|password)", re.IGNORECASE
)

# And of those that say that the object database here is broken, or lacks what its own refs and trees name.
_DAMAGE = re.compile(
    r"""bad\ object\ refs/ | not\ point\ to\ a\ valid\ object | reference\ broken | not\ a\ git\ repository
      | did\ not\ send\ all\ necessary\ objects | unresolved\ deltas | missing\ object\ [0-9a-f]{40}
      | could\ not\ read\ [0-9a-f]{40} | unable\ to\ (?:read|unpack)\ (?:tree\ |sha1\ |source\ tree\ )?\(?[0-9a-f]{40}
      | loose\ object | object\ file\ .*\ is\ empty | (?:object|file)\ .*\ is\ corrupt\b
      | failed\ to\ (?:read|unpack)\ (?:object|tree|delta) | packfile\ .*objects/pack/ | objects/pack/.*\.idx
    """,
    re.IGNORECASE | re.VERBOSE,
)


def telling_line(stderr: bytes, secrets: Iterable[str] = ()) -> str:
    """The last thing git said, redacted; shortened and escaped too, for the words may be a stranger's. Of a refused
    object, it is the line that says why.
    """
    lines = [line.strip() for line in stderr.decode("utf-8", "replace").replace("\r", "\n").split("\n")]
    spoken = [line for line in lines if line]
    if not spoken:
        return "git gave no reason"
    why = [line for line in spoken if _REFUSED_OBJECT.match(line)]
    return display_path(redacted((why or spoken)[-1], secrets)[:_LONGEST_MESSAGE])


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without the given secrets (plain or as Basic credentials), URLs' userinfo and token-shaped words."""
    for secret in secrets:
        basic = base64.b64encode(f"x-access-token:{secret}".encode()).decode("ascii")
        text = text.replace(secret, "***").replace(basic, "***")
    return _TOKEN_SHAPED.sub("***", _USERINFO.sub("***@", text))


def may_pass(stderr: bytes) -> bool:
    """Whether the failure looks like the network's or the server's bad moment."""
    return _PASSING.search(stderr.decode("utf-8", "replace")) is not None


def is_unauthorized(stderr: bytes) -> bool:
    """Whether the server did not accept the token: revoked, or over since it was minted."""
    return _UNAUTHORIZED.search(stderr.decode("utf-8", "replace")) is not None


def is_damage(stderr: bytes) -> bool:
    """Whether the object database seems broken, and not the network or the other side, whose words never count."""
    lines = stderr.decode("utf-8", "replace").replace("\r", "\n").split("\n")
    own = [line for line in lines if not line.startswith("remote:") and "remote error" not in line]
    return not may_pass(stderr) and any(_DAMAGE.search(line) for line in own)
