"""What leaves the process: only to the given server, only what was passed, never the key in words."""

from __future__ import annotations

import subprocess
import sys
import traceback
from typing import Literal

import pytest

from app.adapters.llm.client import open_model
from app.adapters.llm.dialect import Api
from app.domain.errors import ModelRejected, RevwrightError, SettingsInvalid
from tests.adapters.llm.asking import KEY, asked, opened
from tests.fakes.model import Failed, FakeModel, Html, Raw, Redirect, Rejected, Reply, ServerError

both = pytest.mark.parametrize("api", ["responses", "chat"])


@both
async def test_a_redirect_is_not_followed(fake: FakeModel, api: Api) -> None:
    other = FakeModel()
    with other.serving() as elsewhere:
        fake.script(Redirect(f"{elsewhere}/responses"))
        async with opened(fake, api) as model:
            with pytest.raises(ModelRejected, match="a redirect, which is not followed"):
                await model.complete(asked())
    assert other.requests == []


@both
@pytest.mark.parametrize(
    "reply",
    [
        Rejected(401, f"Incorrect API key provided: {KEY}."),
        Rejected(400, f"The key {KEY} is not for this model."),
        Rejected(400, f"The key {KEY[:8]}... is not for this model."),
        Rejected(400, "The key sk-cana***********cdef is not for this model."),
        Rejected(400, f"Keys that end in {KEY[-6:]} are blocked."),
        Rejected(400, f"No {KEY[:12]} known."),
        ServerError(500, f"Authorization: Bearer {KEY}"),
        Failed(message=f"upstream refused Bearer {KEY}"),
        Html(page=f"<title>{KEY}</title>"),
        Html(502, page=f"<title>{KEY}</title>"),
        Raw(f"key={KEY}", content_type="text/plain"),
        Raw(f'{{"error": "key {KEY}"}}', status=418),
        Raw(f'{{"detail": [{{"loc": ["{KEY}"]}}]}}', status=422),
        Redirect(f"http://127.0.0.1:9/?key={KEY}"),
    ],
)
async def test_the_key_is_in_no_words(fake: FakeModel, api: Api, reply: Reply) -> None:
    fake.behaviour = lambda _seen: reply
    async with opened(fake, api, max_retries=1) as model:
        with pytest.raises(RevwrightError) as caught:
            await model.complete(asked())
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(model)
    assert caught.value.__context__ is None
    for part in (KEY, KEY[:8], KEY[-4:]):
        assert part not in told


@both
async def test_a_wrong_key_is_for_a_person_to_change(fake: FakeModel, api: Api) -> None:
    fake.api_key = "sk-another"
    async with opened(fake, api) as model:
        with pytest.raises(ModelRejected, match=r"^The model server answered 401 .check the API key.$"):
            await model.complete(asked())


@pytest.mark.parametrize("key", ["sk-with\nnewline", "sk-with space", "sk-ümlaut"])
async def test_a_key_that_no_header_can_carry_is_refused_at_once(key: str) -> None:
    with pytest.raises(SettingsInvalid, match="OPENAI_API_KEY") as caught:
        async with open_model(api="auto", base_url=None, api_key=key):
            pass
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["api.example.com/v1", "ftp://example.com/v1", "http:///v1", "http://[x/v1", "http://a:b/v1", "http://a\nb/"]
)
async def test_a_base_url_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(SettingsInvalid, match="OPENAI_BASE_URL"):
        async with open_model(api="auto", base_url=url, api_key=KEY):
            pass


async def test_a_server_without_key_gets_none(fake: FakeModel) -> None:
    async with opened(fake, "chat", key="") as model:
        await model.complete(asked())
    assert fake.requests[0].authorization is None


@both
async def test_the_environment_plays_no_part(fake: FakeModel, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/environment")
    monkeypatch.setenv("OPENAI_ORG_ID", "environment")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "environment")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: environment\nX-Other: environment")
    for key in (KEY, ""):
        async with opened(fake, api, key=key) as model:
            await model.complete(asked())
    assert "environment" not in str([seen.headers for seen in fake.requests])
    assert [seen.authorization for seen in fake.requests] == [f"Bearer {KEY}", None]


async def test_headers_for_a_gateway_are_sent(fake: FakeModel) -> None:
    async with open_model(
        api="chat", base_url=fake.base_url, api_key=KEY, headers={"X-Gateway-Team": "reviews"}
    ) as model:
        await model.complete(asked())
    sent = fake.requests[0].headers
    assert sent["x-gateway-team"] == "reviews"
    assert not [name for name in sent if name.startswith("x-stainless")]


async def test_a_proxy_is_used_when_given(fake: FakeModel) -> None:
    """The stand-in is no proxy, but it tells that it was asked for a host that does not exist."""
    proxy = fake.base_url.removesuffix("/v1")
    async with open_model(api="chat", base_url="http://model.invalid/v1", api_key=KEY, proxy=proxy) as model:
        with pytest.raises(ModelRejected, match=r"POST /http://model\.invalid/v1/chat/completions"):
            await model.complete(asked())


@pytest.mark.parametrize(("api", "spoken"), [("auto", "chat"), ("chat", "chat"), ("responses", "responses")])
async def test_auto_speaks_chat_to_any_other_server(
    fake: FakeModel, api: Literal["auto", "chat", "responses"], spoken: str
) -> None:
    async with open_model(api=api, base_url=fake.base_url, api_key=KEY) as model:
        await model.complete(asked())
    assert fake.requests[0].api == spoken


async def test_the_other_name_of_the_token_limit_is_learned(fake: FakeModel) -> None:
    fake.refuses = frozenset({"max_tokens"})
    async with opened(fake, "chat") as model:
        await model.complete(asked())
        await model.complete(asked())
    names = [next(name for name in seen.body if name.startswith("max_")) for seen in fake.requests]
    assert names == ["max_tokens", "max_completion_tokens", "max_completion_tokens"]
    fake.refuses = frozenset({"max_tokens", "max_completion_tokens"})
    async with opened(fake, "chat") as model:
        with pytest.raises(ModelRejected, match="Unsupported parameter"):
            await model.complete(asked())


def test_the_package_itself_does_not_load_the_sdk() -> None:
    code = (
        "import sys, app.adapters.llm, app.adapters.llm.responses, app.adapters.llm.chat;"
        "sys.exit('openai' in sys.modules or 'httpx2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
