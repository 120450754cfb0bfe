"""Git gets the token as often as it asks, for the right host only, and leaves it nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.adapters.git.credentials import offered
from app.adapters.git.environment import git_environment
from app.adapters.git.process import Git
from app.domain.errors import GitFailed
from tests.adapters.git.stores import Store

ORIGIN = "https://github.com"
LONG_TOKEN = "ghs_1_" + "eyJ0eXAi.-_" * 50


async def answers(store: Store, *requests: str, action: str = "fill", token: str = LONG_TOKEN) -> list[str]:
    """What git learns when it asks for these URLs, one after the other, during one offer."""
    given = []
    with offered(token, origin=ORIGIN) as credential:
        environment = git_environment(config=credential.config)
        git = Git(store.git_dir, "acme/web", environment, pass_fds=(credential.fd,))
        for url in requests:
            try:
                given.append((await git.output("credential", action, stdin=f"url={url}\n\n".encode())).decode())
            except GitFailed as error:
                given.append(str(error))
    return given


ANSWER = f"protocol=https\nhost=github.com\nusername=x-access-token\npassword={LONG_TOKEN}\n"


async def test_every_request_of_the_host_is_answered(store: Store) -> None:
    assert await answers(store, *[ORIGIN] * 16) == [ANSWER] * 16


async def test_past_the_last_answer_git_fails_instead_of_waiting(store: Store) -> None:
    *_, last = await answers(store, *[ORIGIN] * 17)
    assert "could not read Username" in last


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://github.com.example.com",
        "https://sub.github.com",
        "https://github.com:8443",
        "http://github.com",
        "ssh://github.com",
    ],
)
async def test_no_other_host_is_answered(store: Store, url: str) -> None:
    (answer,) = await answers(store, url)
    assert LONG_TOKEN not in answer
    assert "could not read Username" in answer


async def test_git_s_other_requests_use_no_answer_up(store: Store) -> None:
    with offered(LONG_TOKEN, origin=ORIGIN) as credential:
        environment = git_environment(config=credential.config)
        git = Git(store.git_dir, "acme/web", environment, pass_fds=(credential.fd,))
        for action in ("approve", "reject"):
            await git.output("credential", action, stdin=ANSWER.encode())
        given = [await git.output("credential", "fill", stdin=f"url={ORIGIN}\n\n".encode()) for _ in range(16)]
    assert given == [ANSWER.encode()] * 16


async def test_helpers_of_the_repository_are_not_asked(store: Store) -> None:
    store.git("config", "credential.helper", "!echo username=u; echo password=p; :")
    store.git("config", "credential.https://github.com.helper", "!echo username=u; echo password=p; :")
    git = Git(store.git_dir, "acme/web")
    assert await answers(store, ORIGIN) == [ANSWER]
    with pytest.raises(GitFailed, match="could not read Username"):
        await replace(git, environment=git_environment(config=(("credential.https://github.com.helper", ""),))).output(
            "credential", "fill", stdin=f"url={ORIGIN}\n\n".encode()
        )


async def test_odd_but_possible_tokens(store: Store) -> None:
    token = "\\n%s'\"$(id)`!#"
    (answer,) = await answers(store, ORIGIN, token=token)
    assert f"password={token}\n" in answer


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("", "empty"),
        ("a b", "no token has"),
        ("a\nb", "no token has"),
        ("é", "no token has"),
        ("x" * 70_000, "too long"),
    ],
)
def test_what_cannot_be_a_token_is_not_repeated(token: str, message: str) -> None:
    with pytest.raises(GitFailed, match=message) as caught, offered(token, origin=ORIGIN):
        pass
    assert not token or token not in str(caught.value)
