"""Whether what a failed command printed looks as if it had wanted a network that it did not have."""

from __future__ import annotations

import re

_SIGNS = re.compile(
    r"""
    # of resolvers: glibc, musl and macOS, Node, Go, curl and git, Rust, Java
      Temporary\ failure\ in\ name\ resolution | Name\ or\ service\ not\ known | nodename\ nor\ servname
    | \b(?:EAI_AGAIN|ENOTFOUND)\b | dial\ (?:tcp|udp) | Could(?:\ not|n't)\ resolve | failed\ to\ lookup\ address
    | UnknownHostException
    # of pip, which says less with --quiet or --retries 0
    | NewConnectionError | from\ versions:\ none
    # of routes
    | Network\ is\ unreachable | \bENETUNREACH\b | No\ route\ to\ host
    # of a proxy that refuses
    | Tunnel\ connection\ failed | CONNECT\ tunnel\ failed
    """,
    re.IGNORECASE | re.VERBOSE,
)


def network_wanted(printed: str) -> bool:
    """A guess, for a hint to people; nothing is decided by it."""
    return _SIGNS.search(printed) is not None
