"""The settings: what an operator may write, and what is said when something is wrong."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from app.domain.errors import SettingsInvalid
from app.domain.money import Caps
from app.domain.prices import Price
from app.settings import PolicySettings, SandboxSettings, Secret, Settings
from app.settings.jobs import JobSettings

SECRET = "canary-" + "s" * 32
HOME = {"HOME": "/home/op"}


def pem_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, lock: KeySerializationEncryption | None = None) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock or NoEncryption()).decode()


@pytest.fixture
def github(private_key: str) -> dict[str, str]:
    return HOME | {
        "REVWRIGHT_GITHUB_APP_ID": "12345",
        "REVWRIGHT_GITHUB_PRIVATE_KEY": private_key,
        "REVWRIGHT_GITHUB_WEBHOOK_SECRET": SECRET,
    }


def refusal(environ: Mapping[str, str], *, require_github: bool = False) -> str:
    with pytest.raises(SettingsInvalid) as caught:
        Settings.from_environment(environ, require_github=require_github)
    return str(caught.value)


def test_defaults() -> None:
    settings = Settings.from_environment(HOME)
    assert settings == Settings(
        github=None,
        model=None,
        caps=Caps(None, None, None),
        redis_url=None,
        jobs=JobSettings(
            debounce_seconds=2,
            reviews_at_once=4,
            review_minutes=25,
            per_repository=10,
            per_installation=20,
            keep_deliveries_hours=72,
            keep_runs_days=14,
            transcripts_mb=128,
            keep_rows_days=90,
        ),
        data_dir=Path("/home/op/.local/state/revwright"),
        host="127.0.0.1",
        port=8000,
        public_url=None,
        fix_commits="git",
        allowed_accounts=frozenset(),
        sandbox=SandboxSettings(
            kind="bubblewrap",
            root=None,
            minutes=10,
            memory_mb=1024,
            disk_mb=1024,
            at_once=4,
            runner_socket=None,
            runner_user=None,
            workspaces_dir=None,
            kept_hours=72,
            kept_mb=4096,
            environment_days=14,
            environments_mb=8192,
        ),
        policy=PolicySettings(None, ()),
        receipt_key=None,
        log_format="text",
        warnings=(),
        missing=("REVWRIGHT_GITHUB_APP_ID", "REVWRIGHT_GITHUB_PRIVATE_KEY", "REVWRIGHT_GITHUB_WEBHOOK_SECRET"),
    )


OF_SANDBOX = {
    "REVWRIGHT_SANDBOX": "off",
    "REVWRIGHT_SANDBOX_ROOT": "/srv/root",
    "REVWRIGHT_SANDBOX_MINUTES": "20",
    "REVWRIGHT_SANDBOX_MEMORY_MB": "2048",
    "REVWRIGHT_SANDBOX_DISK_MB": "4096",
    "REVWRIGHT_SANDBOXES_AT_ONCE": "3",
    "REVWRIGHT_RUNNER_SOCKET": "/run/revwright/runner",
    "REVWRIGHT_RUNNER_USER": "nobody",
    "REVWRIGHT_WORKSPACES_DIR": "/srv/workspaces",
    "REVWRIGHT_KEPT_WORKSPACE_HOURS": "1",
    "REVWRIGHT_KEPT_WORKSPACES_MB": "100",
    "REVWRIGHT_ENVIRONMENT_DAYS": "2",
    "REVWRIGHT_ENVIRONMENTS_MB": "200",
}


def test_everything_set(github: dict[str, str], private_key: str) -> None:
    settings = Settings.from_environment(
        github
        | OF_SANDBOX
        | {
            "REVWRIGHT_GITHUB_WEBHOOK_SECRET_PREVIOUS": "p" * 32,
            "REVWRIGHT_GITHUB_API_URL": "https://ghe.test/api/v3/",
            "REVWRIGHT_GITHUB_URL": "http://127.0.0.1:8001",
            "REVWRIGHT_ALLOWED_ACCOUNTS": "1, 22",
            "REVWRIGHT_REDIS_URL": "redis://:pw@db.test",
            "REVWRIGHT_DATA_DIR": "~/data",
            "REVWRIGHT_HOST": "::",
            "REVWRIGHT_PORT": "0",
            "REVWRIGHT_PUBLIC_URL": "https://bot.test",
            "REVWRIGHT_MODEL_API": "chat",
            "OPENAI_API_KEY": "sk-1",
            "OPENAI_BASE_URL": "https://model.test/v1/",
            "REVWRIGHT_MODEL_FAST": "small",
            "REVWRIGHT_MODEL_MAIN": "vendor/mid:7b",
            "REVWRIGHT_MODEL_DEEP": "big",
            "REVWRIGHT_MODEL_PRICES": '{"big": {"input": 2, "cached": 0.5, "output": 10}}',
            "REVWRIGHT_LOG_FORMAT": "json",
            "UNRELATED": "x",
        },
        require_github=True,
    )
    found = settings.need_github()
    assert (found.app_id, found.api_url, found.url) == (12345, "https://ghe.test/api/v3", "http://127.0.0.1:8001")
    assert found.private_key.expose() == private_key.strip() + "\n"
    assert found.webhook_secrets == (SECRET.encode(), b"p" * 32)
    model = settings.model
    assert model is not None
    assert (model.api, model.base_url, model.api_key.expose()) == ("chat", "https://model.test/v1", "sk-1")
    assert (model.fast, model.main, model.deep) == ("small", "vendor/mid:7b", "big")
    assert model.prices == {"big": Price(input=2, cached=0.5, output=10)}
    assert settings.redis_url == Secret("redis://:pw@db.test")
    assert (settings.data_dir, settings.policy.branches) == (Path("/home/op/data"), ())
    assert (settings.host, settings.port, settings.public_url) == ("::", 0, "https://bot.test")
    assert settings.allowed_accounts == {1, 22}
    assert (settings.log_format, settings.warnings) == ("json", ())
    assert settings.sandbox == SandboxSettings(
        kind="off",
        root=Path("/srv/root"),
        minutes=20,
        memory_mb=2048,
        disk_mb=4096,
        at_once=3,
        runner_socket=Path("/run/revwright/runner"),
        runner_user="nobody",
        workspaces_dir=Path("/srv/workspaces"),
        kept_hours=1,
        kept_mb=100,
        environment_days=2,
        environments_mb=200,
    )


def test_one_webhook_secret_is_enough(github: dict[str, str]) -> None:
    assert Settings.from_environment(github).need_github().webhook_secrets == (SECRET.encode(),)


def test_all_problems_are_told_together() -> None:
    text = refusal({"REVWRIGHT_PORT": "eighty", "REVWRIGHT_REDIS": "x", "HOME": "/h"}, require_github=True)
    assert text.splitlines()[0] == "5 settings need attention:"
    for name in ("PORT", "REDIS", "GITHUB_APP_ID", "GITHUB_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET"):
        assert f"  REVWRIGHT_{name}: " in text


def test_what_needs_github_names_what_is_missing(private_key: str) -> None:
    settings = Settings.from_environment(HOME | {"REVWRIGHT_GITHUB_PRIVATE_KEY": private_key})
    with pytest.raises(SettingsInvalid) as caught:
        settings.need_github()
    lines = str(caught.value).splitlines()
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "REVWRIGHT_GITHUB_APP_ID",
        "REVWRIGHT_GITHUB_WEBHOOK_SECRET",
    ]
    assert "openssl rand -hex 32" in lines[2]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("REVWRIGHT_GITHUB_APP_ID", "my-app", "'my-app' is not a number; write the numeric id"),
        ("REVWRIGHT_GITHUB_APP_ID", "0", "not a number"),
        ("REVWRIGHT_GITHUB_PRIVATE_KEY", "nonsense", "not a private key in PEM form"),
        ("REVWRIGHT_GITHUB_WEBHOOK_SECRET", "canary", "6 bytes are too short, 32 is the least; make one with `openssl"),
        ("REVWRIGHT_GITHUB_WEBHOOK_SECRET_PREVIOUS", "canary", "too short"),
        ("REVWRIGHT_GITHUB_API_URL", "http://ghe.test", "this machine only; write an https:// URL"),
        ("REVWRIGHT_GITHUB_API_URL", "https://bob:canary@ghe.test", "user name and password have no place here"),
        ("REVWRIGHT_GITHUB_URL", "ghe.test", "this is not a URL"),
        ("REVWRIGHT_GITHUB_URL", "ftp://ghe.test", "this is not a URL"),
        ("REVWRIGHT_GITHUB_URL", "https://[::1", "this is not a URL"),
        ("REVWRIGHT_GITHUB_URL", "https://ghe.test:99999", "this is not a URL"),
        ("REVWRIGHT_GITHUB_URL", "https://ghe.test/a b", "this is not a URL"),
        ("REVWRIGHT_GITHUB_URL", "https://ghe.test\\x", "this is not a URL"),
        ("REVWRIGHT_PUBLIC_URL", "https://bot.test/?x=1", "query or fragment"),
        ("REVWRIGHT_PUBLIC_URL", "https://bot.test/#", "query or fragment"),
        ("REVWRIGHT_ALLOWED_ACCOUNTS", "acme", "'acme' is not a number"),
        ("REVWRIGHT_ALLOWED_ACCOUNTS", ",", "'' is not a number"),
        ("REVWRIGHT_REDIS_URL", "http://:canary@db.test", "its scheme is none of ours"),
        ("REVWRIGHT_DATA_DIR", "state", "'state' is not an absolute path"),
        ("REVWRIGHT_HOST", "a b", "not a host name or address"),
        ("REVWRIGHT_PORT", "70000", "not a port number"),
        ("REVWRIGHT_PORT", "tcp://10.0.0.1:8000", "`enableServiceLinks: false`"),
        ("REVWRIGHT_MODEL_API", "soap", "'soap' is not one of responses, chat, auto"),
        ("OPENAI_API_KEY", "sk canary", "copy it again"),
        ("OPENAI_BASE_URL", "http://model.example.com/v1", "within a private network only"),
        ("OPENAI_BASE_URL", "http://8.8.8.8/v1", "within a private network only"),
        ("REVWRIGHT_MODEL_MAIN", "gpt 5", "is not a model's name"),
        ("REVWRIGHT_MODEL_PRICES", "/no/such/file", "neither JSON nor a file"),
        ("REVWRIGHT_MODEL_PRICES", "{", "not valid JSON"),
        ("REVWRIGHT_MODEL_PRICES", '{"m": {"input": NaN, "output": 1}}', "not valid JSON"),
        ("REVWRIGHT_MODEL_PRICES", '{"m": 3}', "needs the numbers input, cached and output"),
        ("REVWRIGHT_MODEL_PRICES", '{"m": {"input": 1}}', "needs the numbers"),
        ("REVWRIGHT_MODEL_PRICES", '{"m": {"input": 1, "output": 1, "in": 1}}', "needs the numbers"),
        ("REVWRIGHT_MODEL_PRICES", '{"m": {"input": -1, "output": 1}}', "'input' of 'm' is not a number from 0 up"),
        ("REVWRIGHT_MODEL_PRICES", '{"m": {"input": true, "output": 1}}', "not a number from 0 up"),
        ("REVWRIGHT_MODEL_PRICES", '{"m": {"input": "1", "output": 1}}', "not a number from 0 up"),
        ("REVWRIGHT_MODEL_PRICES", '{"m": {"input": 1e999, "output": 1}}', "not a number from 0 up"),
        ("REVWRIGHT_SANDBOX", "docker", "'docker' is not one of bubblewrap, off"),
        ("REVWRIGHT_SANDBOX", "kubernetes", "no sandboxes in pods yet; write bubblewrap, or off"),
        ("REVWRIGHT_SANDBOX_ROOT", "srv/root", "not an absolute path"),
        ("REVWRIGHT_WORKSPACES_DIR", "/srv/../etc", "not an absolute path without `..`"),
        ("REVWRIGHT_RUNNER_USER", "a b", "'a b' is not the name or number of a user"),
        ("REVWRIGHT_SANDBOX_MEMORY_MB", "1", "'1' is not a whole number from 64 to 1000000"),
        ("REVWRIGHT_POLICY_FILE", "/no/such/file", "there is no file '/no/such/file'"),
        ("REVWRIGHT_POLICY_BRANCHES", "main, /x", "'/x': a pattern starts at the repository's root by itself"),
        ("REVWRIGHT_LOG_FORMAT", "xml", "'xml' is not one of text, json"),
        ("REVWRIGHT_LOGFORMAT", "json", "no such setting; did you mean REVWRIGHT_LOG_FORMAT?"),
        ("revwright_host", "x", "did you mean REVWRIGHT_HOST?"),
        ("REVWRIGHT_WEB_SERVICE_HOST", "10.0.0.1", "`enableServiceLinks: false`"),
        ("REVWRIGHT_PORT_8000_TCP_ADDR", "10.0.0.1", "`enableServiceLinks: false`"),
    ],
)
def test_problems(name: str, value: str, words: str) -> None:
    """One sentence: which setting, what is wrong, what to do; never a secret."""
    text = refusal(HOME | {name: value})
    assert text.startswith(f"{name}: ")
    assert words in text
    assert "canary" not in text
    assert "\n" not in text


def test_a_price_list_that_is_no_object(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text("[]")
    assert "not a JSON object" in refusal(HOME | {"REVWRIGHT_MODEL_PRICES": str(file)})


def test_prices_from_a_file_and_cached_input_that_costs_like_fresh(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text(json.dumps({"m": {"input": 3, "output": 4}}))
    settings = Settings.from_environment(HOME | {"OPENAI_API_KEY": "k", "REVWRIGHT_MODEL_PRICES": str(file)})
    assert settings.model is not None
    assert settings.model.prices == {"m": Price(3, 3, 4)}


@pytest.mark.parametrize(
    ("environ", "key", "base_url"),
    [
        ({"OPENAI_API_KEY": "k"}, "k", None),
        ({"OPENAI_BASE_URL": "http://localhost:11434/v1"}, "", "http://localhost:11434/v1"),
    ],
)
def test_a_key_or_an_endpoint_makes_a_model(environ: dict[str, str], key: str, base_url: str | None) -> None:
    settings = Settings.from_environment(HOME | environ)
    assert settings.model is not None
    assert (settings.model.api, settings.model.api_key.expose(), settings.model.base_url) == ("auto", key, base_url)
    assert (settings.model.fast, settings.model.main, settings.model.deep) == ("gpt-5.4-mini", "gpt-5.4", "gpt-5.4")
    assert settings.warnings == ()


@pytest.mark.parametrize("host", ["vllm", "10.1.2.3", "vllm.ml.svc", "[fd00::1]", "ai.corp.internal"])
def test_plain_http_to_a_model_in_a_private_network_is_a_warning(host: str) -> None:
    (warning,) = Settings.from_environment(HOME | {"OPENAI_BASE_URL": f"http://{host}:8000/v1"}).warnings
    assert warning.startswith("OPENAI_BASE_URL: plain http")


@pytest.mark.parametrize("url", ["http://localhost:1", "http://git.localhost", "http://127.0.0.2", "http://[::1]:3000"])
def test_plain_http_to_this_machine_is_fine(url: str) -> None:
    assert Settings.from_environment(HOME | {"REVWRIGHT_PUBLIC_URL": url}).public_url == url


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HOME": "/h", "XDG_STATE_HOME": "/state"}, "/state/revwright"),
        ({"HOME": "/h", "XDG_STATE_HOME": "relative"}, "/h/.local/state/revwright"),
        ({"HOME": "/h", "REVWRIGHT_DATA_DIR": ""}, "/h/.local/state/revwright"),
        ({"REVWRIGHT_DATA_DIR": "/data"}, "/data"),
    ],
)
def test_data_directory(environ: dict[str, str], expected: str) -> None:
    assert Settings.from_environment(environ).data_dir == Path(expected)


def test_no_home_for_the_data() -> None:
    assert refusal({}).startswith("REVWRIGHT_DATA_DIR: not set, and there is no home directory")
    assert refusal({"REVWRIGHT_DATA_DIR": "~/x"}).startswith("REVWRIGHT_DATA_DIR: '~/x' is not an absolute path")


def test_secrets_from_files(github: dict[str, str], private_key: str, tmp_path: Path) -> None:
    environ = dict(github)
    for name, content in (("PRIVATE_KEY", private_key), ("WEBHOOK_SECRET", SECRET + "\n")):
        file = tmp_path / name
        file.touch(mode=0o600)
        file.write_text(content)
        del environ[f"REVWRIGHT_GITHUB_{name}"]
        environ[f"REVWRIGHT_GITHUB_{name}_FILE"] = str(file)
    settings = Settings.from_environment(environ, require_github=True)
    assert settings.need_github() == Settings.from_environment(github).need_github()
    assert settings.warnings == ()
    (tmp_path / "WEBHOOK_SECRET").chmod(0o644)
    (warning,) = Settings.from_environment(environ).warnings
    assert warning.startswith("REVWRIGHT_GITHUB_WEBHOOK_SECRET_FILE: everybody on this machine can read")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xff" * 40, "is not a text file"),
        (b"x" * 70_000, "is too large"),
        (None, "cannot be read: No"),
    ],
)
def test_files_that_hold_no_secret(content: bytes | None, words: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    text = refusal(HOME | {"REVWRIGHT_GITHUB_WEBHOOK_SECRET_FILE": str(file)})
    assert text.startswith(f"REVWRIGHT_GITHUB_WEBHOOK_SECRET: the file {str(file)!r}")
    assert words in text


def test_a_value_and_a_file_are_one_too_many() -> None:
    name = "REVWRIGHT_GITHUB_WEBHOOK_SECRET"
    assert (
        refusal(HOME | {name: SECRET, f"{name}_FILE": "/x"}) == f"{name}: {name}_FILE is set too; keep one of the two"
    )


def test_a_key_typed_on_one_line(github: dict[str, str], private_key: str) -> None:
    typed = github | {"REVWRIGHT_GITHUB_PRIVATE_KEY": private_key.strip().replace("\n", "\\n")}
    assert Settings.from_environment(typed).need_github() == Settings.from_environment(github).need_github()


@pytest.mark.parametrize("kind", ["elliptic", "locked", "public"])
def test_keys_of_the_wrong_kind(kind: str, private_key: str) -> None:
    pem, words = {
        "elliptic": (pem_of(ec.generate_private_key(ec.SECP256R1())), "a key of another kind"),
        "locked": (
            pem_of(rsa.generate_private_key(65537, 2048), BestAvailableEncryption(b"x")),
            "locked with a passphrase",
        ),
        "public": (private_key.replace("PRIVATE", "PUBLIC"), "not a private key"),
    }[kind]
    text = refusal(HOME | {"REVWRIGHT_GITHUB_PRIVATE_KEY": pem})
    assert words in text
    assert pem.splitlines()[1] not in text


def test_no_setting_is_printed_with_its_secrets(github: dict[str, str]) -> None:
    settings = Settings.from_environment(
        github | {"OPENAI_API_KEY": "canary-key", "REVWRIGHT_REDIS_URL": "redis://:canary-pw@db.test"}
    )
    for text in (repr(settings), str(settings), f"{settings}", str(dataclasses.asdict(settings.need_github()))):
        assert "canary" not in text
        assert "BEGIN" not in text


def test_a_secret_does_not_come_out() -> None:
    secret = Secret("canary")
    assert [repr(secret), str(secret), f"{secret:>20}", "%s" % secret] == ["Secret(***)", "***", "***", "***"]  # noqa: UP031
    assert secret.expose() == "canary"
    assert (secret == Secret("canary"), secret == Secret("other"), secret == "canary") == (True, False, False)
    assert copy.copy(secret) is copy.deepcopy(secret) is secret
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        hash(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)
