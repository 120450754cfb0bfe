"""Connections that break, or that only a private authority vouches for."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.adapters.llm.client import connection_failed, open_model
from app.adapters.llm.dialect import Api
from app.domain.errors import ModelUnavailable
from app.domain.model import Usage
from tests.adapters.llm.asking import KEY, FakeTime, asked

BODY = json.dumps({"choices": [{"message": {"content": "private"}}]}).encode()
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
    len(BODY),
    BODY,
)


@asynccontextmanager
async def saying(answer: bytes, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that reads a request, says this and hangs up; gives its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        port: int = server.sockets[0].getsockname()[1]
        yield port


@pytest.mark.parametrize("api", ["responses", "chat"])
async def test_nobody_listens(api: Api) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        time = FakeTime()
        async with open_model(
            api=api, base_url=f"http://127.0.0.1:{port}/v1", api_key=KEY, pacing=time.pacing()
        ) as model:
            with pytest.raises(ModelUnavailable, match="cannot be reached") as caught:
                await model.complete(asked())
    assert time.slept == [0.5, 1.0]
    assert caught.value.usage == Usage.none()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{", b"garbage\r\n\r\n"])
async def test_a_connection_that_breaks_may_have_cost(answer: bytes) -> None:
    async with (
        saying(answer) as port,
        open_model(
            api="chat",
            base_url=f"http://127.0.0.1:{port}/v1",
            api_key=KEY,
            max_retries=0,
        ) as model,
    ):
        with pytest.raises(ModelUnavailable, match="connection to the model server broke") as caught:
            await model.complete(asked())
    assert caught.value.usage == Usage(0, 0, 0, known=False)


@pytest.mark.parametrize(
    ("cause", "sent"),
    [
        (httpx2.ConnectError("refused"), False),
        (httpx2.ConnectTimeout("slow"), False),
        (httpx2.PoolTimeout("busy"), False),
        (httpx2.ReadTimeout("slow"), True),
        (httpx2.ReadError("reset"), True),
        (None, True),
    ],
)
def test_only_what_was_sent_may_have_cost(cause: Exception | None, *, sent: bool) -> None:
    assert connection_failed(cause, key=KEY).usage.known is not sent


async def test_a_private_authority_is_trusted_when_given(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    async with saying(ANSWER, context) as port:
        url = f"https://127.0.0.1:{port}/v1"
        async with open_model(api="chat", base_url=url, api_key=KEY, ca_file=certificate) as model:
            assert (await model.complete(asked())).text == "private"
        async with open_model(api="chat", base_url=url, api_key=KEY, max_retries=0) as model:
            with pytest.raises(ModelUnavailable, match="certificate verify failed"):
                await model.complete(asked())


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_file, key_file
