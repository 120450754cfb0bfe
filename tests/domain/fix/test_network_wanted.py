"""Which outputs look as if a command had wanted a network. The first ones are what the tools print in our sandbox."""

from __future__ import annotations

import pytest

from app.domain.fix.network_wanted import network_wanted
from app.domain.messages.fix_answers import setup_failed
from app.domain.sandbox import SetupReach

NO_NAME = "curl: (6) Could not resolve host: pypi.org"


@pytest.mark.parametrize(
    "printed",
    [
        "WARNING: NewConnectionError('<pip._vendor>: [Errno -3] Temporary failure in name resolution')",
        "ERROR: Could not find a version that satisfies the requirement aenum (from versions: none)",
        "npm error request to https://registry.npmjs.org/x failed, reason: getaddrinfo EAI_AGAIN registry.npmjs.org",
        "npm ERR! code ENOTFOUND",
        "go: dial tcp: lookup proxy.golang.org: no such host",
        NO_NAME,
        "fatal: unable to access 'https://github.com/': Could not resolve host: github.com",
        "warning: spurious network error: [6] Couldn't resolve host name (Could not resolve host: index.crates.io)",
        "java.net.UnknownHostException: repo.maven.apache.org",
        "OSError: [Errno 101] Network is unreachable",
        "connect ENETUNREACH 104.16.0.34:443",
        "urllib.error.URLError: <urlopen error Tunnel connection failed: 403 Not allowed by REVWRIGHT_SETUP_HOSTS>",
        "curl: (56) CONNECT tunnel failed, response 403",
    ],
)
def test_signs_of_a_network_that_is_not_there(printed: str) -> None:
    assert network_wanted(f"collecting\n{printed}\nfailed\n")


@pytest.mark.parametrize(
    "printed", ["", "error: no such package", "SyntaxError: invalid syntax", "make: *** [all] Error 2"]
)
def test_other_failures(printed: str) -> None:
    assert not network_wanted(printed)


FAILED = "`npm ci`, a command of `fix.setup`, failed in the sandbox on the base commit."


def test_a_failed_setup_points_to_the_setting() -> None:
    assert setup_failed("npm ci") == FAILED
    assert setup_failed("npm ci", None, NO_NAME) == FAILED, "nobody knows what it could reach"
    assert setup_failed("npm ci", SetupReach(), "SyntaxError") == FAILED
    assert "setup has none here" in setup_failed("npm ci", SetupReach(), NO_NAME)
    assert "`REVWRIGHT_SETUP_HOSTS`" in setup_failed("npm ci", SetupReach(), NO_NAME)
    allowed = setup_failed("npm ci", SetupReach(network=True), NO_NAME)
    assert "only through the proxy that `HTTPS_PROXY` names" in allowed


def test_a_failed_setup_names_what_was_refused() -> None:
    refused = ("setup asked for x.example:443, which the operator does not allow (REVWRIGHT_SETUP_HOSTS)", "a <b> @you")
    told = setup_failed("npm ci", SetupReach(network=True, refused=refused), "")
    assert "Setup asked for `x.example:443`, which the operator does not allow (REVWRIGHT" in told
    assert told.endswith("; a `<b>` `@you`."), "nothing of it is alive"
