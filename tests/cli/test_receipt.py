"""`revwright receipt` through the real parser: what is printed, to which stream, and the exit status."""

from __future__ import annotations

import asyncio
import io
import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from arq.connections import ArqRedis, RedisSettings

from app.adapters.signing.directory import DIRECTORY, KeyDirectory
from app.adapters.signing.ed25519 import SigningKey, public_keys
from app.adapters.store.receipts import RedisReceipts
from app.adapters.store.runs import RedisRuns
from app.cli.main import run
from tests.build import HEAD, run_start
from tests.domain.test_receipt import SCHEMA
from tests.receipts import receipt, signed

RUN = run_start().id


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"HOME": "/nonexistent", "REVWRIGHT_DATA_DIR": str(tmp_path / "data")}


@pytest.fixture
def keys(tmp_path: Path) -> KeyDirectory:
    return KeyDirectory(tmp_path / "data" / DIRECTORY)


@pytest.fixture
def file(tmp_path: Path, keys: KeyDirectory) -> Path:
    """A receipt that the key of the data directory has signed."""
    made = tmp_path / "receipt.json"
    made.write_bytes(signed(receipt(), keys.current()))
    return made


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """What is verified is verified here."""
    if "redis" in request.fixturenames:
        return

    def refused(*_arguments: object, **_named: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


def verify(env: dict[str, str], *arguments: str) -> int:
    return run(["receipt", "verify", *arguments], env)


def test_a_valid_receipt_tells_what_was_reviewed_and_how_that_is_known(
    env: dict[str, str], file: Path, keys: KeyDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(env, str(file)) == 0
    first, *rows = capsys.readouterr().out.splitlines()
    told = dict(row.strip().split(maxsplit=1) for row in rows)

    assert first == "The receipt is valid."
    assert told["reviewed"] == "acme/web#7"
    assert told["head"] == HEAD
    assert told["verdict"] == "blocked: F3a91c07be; F77d20e4c1"
    assert told["findings"] == "6 open, 2 fixed, 1 dismissed"
    assert told["coverage"].endswith(" changed files")
    assert told["models"] == "gpt-5.4-mini (1 call), gpt-5.4 (31 calls)"
    assert told["made"] == "2026-11-21T12:00:00Z by Revwright 0.1.0, run 5f2c91d0a3b84e67"
    assert told["key"] == f"{keys.current().public.id}, of {keys.path}"


def test_it_is_read_from_standard_input_too(
    env: dict[str, str], file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))

    assert verify(env, "-") == 0
    assert capsys.readouterr().out.startswith("The receipt is valid.")


def test_an_altered_receipt_is_not_valid_and_the_reason_goes_to_standard_error(
    env: dict[str, str], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(file.read_bytes().replace(b'"state":"blocked"', b'"state":"passed"'))

    assert verify(env, str(file)) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("The receipt is not valid: the signature is not that of the key ")


def test_what_a_file_says_sends_no_control_characters(
    env: dict[str, str], keys: KeyDirectory, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(signed(receipt(repository="a/\x1b[2Jb", model_note="\x1b]0;x\x07"), keys.current()))
    assert verify(env, str(file)) == 0
    assert verify(env, str(file), "--repository", "acme/web") == 1
    file.write_bytes(b'{"payload":{"format":"\\u001b[2J"},"signatures":[]}')
    assert verify(env, str(file)) == 1

    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert "<U+001B>" in out
    assert "<U+001B>" in err


def test_given_keys_are_the_only_ones_that_count(
    env: dict[str, str], tmp_path: Path, file: Path, keys: KeyDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    own, other = tmp_path / "own.pem", tmp_path / "other.pem"
    own.write_text(keys.current().public.pem)
    other.write_text(SigningKey.generate().public.pem)
    nowhere = {"HOME": "/nonexistent"}

    assert verify(nowhere, str(file), "--public-key", str(own)) == 0
    assert f"of {own}" in capsys.readouterr().out
    assert verify(nowhere, str(file), "--public-key", str(other), "--public-key", str(own)) == 0
    assert f"of {other}, {own}" in capsys.readouterr().out
    assert verify(env, str(file), "--public-key", str(other)) == 1
    assert "name the file with --public-key" in capsys.readouterr().err


def test_a_receipt_before_a_rotation_is_valid_here_and_one_of_a_stranger_is_not(
    env: dict[str, str], file: Path, keys: KeyDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    before = keys.current().public.id
    assert run(["receipt", "keys", "rotate"], env) == 0
    assert verify(env, str(file)) == 0
    assert f"{before}, of" in capsys.readouterr().out
    file.write_bytes(signed(receipt(), SigningKey.generate()))
    assert verify(env, str(file)) == 1
    assert "that key is not known here" in capsys.readouterr().err


def test_another_head_or_repository_does_not_do(
    env: dict[str, str], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(env, str(file), "--head", HEAD.upper(), "--repository", "ACME/web") == 0
    assert verify(env, str(file), "--head", "e" * 40) == 1
    assert verify(env, str(file), "--repository", "acme/app") == 1
    err = capsys.readouterr().err
    assert f"it is a receipt for the head {HEAD}, and not for {'e' * 40}" in err
    assert "it is a receipt for acme/web, and not for acme/app" in err


@pytest.mark.parametrize("head", [HEAD[:12], "main", "", HEAD + "0"])
def test_a_head_is_a_whole_commit_id(
    env: dict[str, str], file: Path, head: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        verify(env, str(file), "--head", head)

    assert ended.value.code == 2
    assert "write all 40 digits" in capsys.readouterr().err


def test_json_has_the_payload_or_the_problem(
    env: dict[str, str], file: Path, keys: KeyDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(env, str(file), "--json") == 0
    valid = json.loads(capsys.readouterr().out)
    assert (valid["valid"], valid["key"]) == (True, keys.current().public.id)
    jsonschema.Draft202012Validator(SCHEMA).validate(valid["receipt"])
    assert verify(env, str(file), "--json", "--head", "e" * 40) == 1
    invalid = json.loads(capsys.readouterr().out)
    assert (invalid["valid"], invalid["problem"], HEAD in invalid["reason"]) == (False, "other_head", True)


def test_what_cannot_be_read_is_an_error_and_not_an_answer(
    env: dict[str, str], tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(env, str(tmp_path / "none.json")) == 2
    assert "none.json' cannot be read: No such file or directory" in capsys.readouterr().err
    assert verify(env, str(file), "--public-key", str(file)) == 2
    assert "there is no public key in PEM form" in capsys.readouterr().err
    assert verify({**env, "REVWRIGHT_DATA_DIR": str(tmp_path / "empty")}, str(file)) == 2
    assert "there are no keys in" in capsys.readouterr().err
    assert not (tmp_path / "empty").exists()


def test_the_printed_public_key_is_the_one_that_signs(
    env: dict[str, str], keys: KeyDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["receipt", "public-key"], env) == 2
    assert "the first worker that starts makes one" in capsys.readouterr().err
    made = keys.current()

    assert run(["receipt", "public-key"], env) == 0
    assert public_keys(capsys.readouterr().out) == (made.public,)


def test_keys_are_listed_and_rotated(
    env: dict[str, str], keys: KeyDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["receipt", "keys", "list"], env) == 0
    assert "there is no key" in capsys.readouterr().err
    first = keys.current().public.id
    assert run(["receipt", "keys", "rotate"], env) == 0
    second = keys.current().public.id
    assert capsys.readouterr().out.startswith(f"{second}  signs from now on")

    assert run(["receipt", "keys", "list"], env) == 0
    lines = sorted(capsys.readouterr().out.splitlines())
    told = {second: f"{second}  signs", first: f"{first}  signed before; its receipts stay valid here"}
    assert lines == sorted(told.values())


def test_a_given_key_counts_first_and_is_changed_where_it_is_given(
    env: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given, place = SigningKey.generate(), tmp_path / "key.pem"
    place.write_bytes(given.pem())
    place.chmod(0o600)
    env = {**env, "REVWRIGHT_RECEIPT_KEY_FILE": str(place)}
    (tmp_path / "receipt.json").write_bytes(signed(receipt(), given))

    assert verify(env, str(tmp_path / "receipt.json")) == 0
    assert "and REVWRIGHT_RECEIPT_KEY" in capsys.readouterr().out
    assert run(["receipt", "keys", "rotate"], env) == 2
    assert "openssl genpkey -algorithm ed25519" in capsys.readouterr().err
    assert run(["receipt", "public-key"], env) == 0
    assert public_keys(capsys.readouterr().out) == (given.public,)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the program openssl is not installed")
def test_the_documented_way_without_revwright_takes_it_and_refuses_an_altered_one(
    tmp_path: Path, file: Path, keys: KeyDirectory
) -> None:
    """The commands of docs/receipts.md, as they stand there."""
    text = (Path(__file__).parents[2] / "docs/receipts.md").read_text("utf-8")
    (script,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (command,) = re.findall(r"^    (openssl pkeyutl .*)$", text, re.MULTILINE)
    (tmp_path / "public-key.pem").write_text(keys.current().public.pem)

    def ended() -> int:
        subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, timeout=60)
        return subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=False, timeout=60).returncode

    assert ended() == 0
    file.write_bytes(file.read_bytes().replace(b'"state":"blocked"', b'"state":"passed"'))
    assert ended() == 1


async def called(env: dict[str, str], redis_settings: RedisSettings, *arguments: str) -> int:
    at = {**env, "REVWRIGHT_REDIS_URL": f"unix://{redis_settings.unix_socket_path}"}
    return await asyncio.to_thread(run, ["receipt", *arguments], at)


async def test_show_prints_the_kept_bytes_and_nothing_else(
    env: dict[str, str], redis: ArqRedis, redis_settings: RedisSettings, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Also when the record of the run is gone: receipts are kept longer."""
    sample = signed(receipt())
    await RedisReceipts(redis).keep(RUN, sample)
    assert await called(env, redis_settings, "show", RUN.upper()) == 0
    assert capfdbinary.readouterr().out == sample
    await RedisRuns(redis).begin(run_start())

    for named in (RUN[:8], "acme/web#7"):
        assert await called(env, redis_settings, "show", named) == 0
        assert capfdbinary.readouterr().out == sample


async def test_show_says_why_there_is_none(
    env: dict[str, str], redis: ArqRedis, redis_settings: RedisSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await called(env, redis_settings, "show", "abcd") == 2
    assert "no kept run is abcd" in capsys.readouterr().err
    await RedisRuns(redis).begin(run_start())
    assert await called(env, redis_settings, "show", RUN) == 2
    assert (
        f"run {RUN} is running and has no receipt: it gets one when its review is finished" in capsys.readouterr().err
    )
