"""The service is talked to over sockets, from threads and from processes, and keeps its words."""

from __future__ import annotations

import asyncio
import multiprocessing
import pwd
import socket
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from http.client import HTTPConnection
from http.server import ThreadingHTTPServer
from multiprocessing import shared_memory
from pathlib import Path

import pytest
from service import Greeter, square, store


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_http_server_answers_many_clients(host: str) -> None:
    with ThreadingHTTPServer((host, 0), Greeter) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def get(number: int) -> bytes:
            connection = HTTPConnection(host, server.server_port)
            connection.request("GET", f"/{number}")
            return connection.getresponse().read()

        with ThreadPoolExecutor(16) as pool:
            bodies = list(pool.map(get, range(64)))
        server.shutdown()
    assert bodies == [f"/{number}".encode() for number in range(64)]


def test_ipv6_loopback() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        with socket.create_connection(server.getsockname()[:2]) as client:
            client.sendall(b"six")
        connection, _ = server.accept()
        with connection:
            assert connection.recv(3) == b"six"


def test_udp() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as other:
        one.bind(("127.0.0.1", 0))
        other.sendto(b"datagram", one.getsockname())
        assert one.recv(100) == b"datagram"


def test_asyncio_server_and_subprocess() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    async def talk() -> tuple[bytes, bytes]:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"hello\n")
            answer = await reader.readline()
            writer.close()
        process = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
        printed, _ = await process.communicate(b"through a pipe")
        return answer, printed

    assert asyncio.run(talk()) == (b"hello\n", b"through a pipe")


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_process_pools(method: str) -> None:
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context(method)) as pool:
        assert list(pool.map(square, range(20))) == [number * number for number in range(20)]


def test_manager_and_shared_memory() -> None:
    with multiprocessing.Manager() as manager:
        assert manager.list([1, 2])[1] == 2
    block = shared_memory.SharedMemory(create=True, size=1 << 20)
    block.buf[:4] = b"here"
    again = shared_memory.SharedMemory(block.name)
    assert bytes(again.buf[:4]) == b"here"
    again.close()
    block.close()
    block.unlink()


def test_sqlite(tmp_path: Path) -> None:
    assert store(tmp_path / "words.db", ["a", "b"]) == 2
    assert store(tmp_path / "words.db", ["c"]) == 3


def test_temporary_files_and_links(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "hard").hardlink_to(tmp_path / "file")
    (tmp_path / "file").chmod(0o600)
    assert (tmp_path / "link").read_text() == (tmp_path / "hard").read_text() == "text"
    with tempfile.NamedTemporaryFile() as file:
        assert Path(file.name).exists()


def test_home_user_and_caches() -> None:
    home = Path.home()
    assert pwd.getpwuid(home.stat().st_uid).pw_dir == str(home)
    cache = home / ".cache" / "suite"
    cache.mkdir(parents=True, exist_ok=True)
    (cache / "entry").write_text("kept for this command")


def test_text_is_utf_8() -> None:
    printed = subprocess.run([sys.executable, "-c", "print('ä→日本')"], capture_output=True, check=True).stdout
    assert printed.decode() == "ä→日本\n"


def test_unix_socket(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "s"))
        server.listen()
        client.connect(str(tmp_path / "s"))
    with socket.socketpair()[0] as one:
        assert one.family == socket.AF_UNIX


def test_names_of_services() -> None:
    assert socket.getservbyname("https", "tcp") == 443
    assert socket.getprotobyname("tcp") == 6
