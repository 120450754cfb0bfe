"""A small service, of the kind whose tests open sockets, start processes and keep a database."""

from __future__ import annotations

import sqlite3
from http.server import BaseHTTPRequestHandler
from pathlib import Path


class Greeter(BaseHTTPRequestHandler):
    """Answers every GET with the path it was asked for."""

    def do_GET(self) -> None:
        body = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Keep the output of the tests to themselves."""


def square(number: int) -> int:
    return number * number


def store(database: Path, words: list[str]) -> int:
    """Keep words in a database with a write-ahead log, which needs shared memory; how many there are."""
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS word (text TEXT)")
        connection.executemany("INSERT INTO word VALUES (?)", [(word,) for word in words])
        return int(connection.execute("SELECT count(*) FROM word").fetchone()[0])
