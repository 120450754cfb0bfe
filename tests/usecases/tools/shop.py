"""A small repository with everything in it that a tool must not fall for, and the tools over it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from app.adapters.rules.patterns import Re2Pattern
from app.domain.entries import Entry, Kind, Side, Status
from app.domain.objects import Change, NotDiffed
from app.domain.shapes import decode_arguments
from app.usecases.agent import Tool
from app.usecases.tools import Reads, reading_tools
from app.usecases.tools.files import MAX_FILE_BYTES
from app.usecases.tools.reading import MAX_ENTRIES
from tests.build import BASE, HEAD, change, snapshot
from tests.fakes.code import DefParser, File, MemoryCode

TOKEN = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
KEY_BODY = ["MIIEpAIBAAKCAQEA7c3Qh1kYp0Zr2sT9vW4xLm8NbQaJd6FgHu5IoPeRtYzXcVb"] * 6
KEY = "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *KEY_BODY, "-----END RSA PRIVATE KEY-----"])
ODD = "caf\udce9.py"
"""A name of bytes that are not UTF-8."""
DISGUISED = "x\u202e/.g\u200cit/config"
"""A name that is `.git` where a file system leaves out what cannot be seen."""

HEAD_FILES = {
    "README.md": File(b"# Shop\ntotal is explained here\n"),
    "src/cart.py": File(b"def total(items):\n    return sum(items)\n\n# total: see README\n"),
    "src/pay.py": File(f"from cart import total\nTOKEN = '{TOKEN}'\nprint(total([1]))\n".encode()),
    "src/key.py": File(f"first\n{KEY}\nlast = total\n".encode()),
    "src/empty.py": File(b""),
    "src/run.sh": File(b"#!/bin/sh\n", "100755"),
    "src/odd-lines.txt": File(b"one\r\ntwo\x0bstill two\nlast without end"),
    "logo.png": File(b"\x89PNG\r\n\x1a\n\0\0\0\0"),
    "link.py": File.link("/proc/self/environ"),
    "AGENTS.md": File.link("../../etc/passwd"),
    "vendor/lib": File.submodule(),
    "huge.txt": File(b"x" * (MAX_FILE_BYTES + 1)),
    "long.txt": File(b"".join(b"line %d\n" % n for n in range(1, 1_201))),
    "wide.txt": File(b"".join(b"%d %s\n" % (n, b"w" * 3_000) for n in range(1, 40))),
    ODD: File(b"odd = total\n"),
    DISGUISED: File(b"[core]\n"),
    **{f"many/f{n:03}.txt": File(b"x\n") for n in range(MAX_ENTRIES + 3)},
}
BASE_FILES = {
    "src/cart.py": File(b"def total(items):\n    return 0\n"),
    "src/gone.py": File(b"gone = 1\n"),
    "skills/sql.md": File(b"Look at every query.\n"),
    "skills/link.md": File.link("sql.md"),
    "skills/long.md": File(b"s" * 30_000),
}


def deleted(path: str) -> Change:
    return Change(Entry(path, Status.DELETED, Side("100644", "c" * 40, Kind.FILE), None), None, NotDiffed.BINARY)


SKILLS = (("sql", "skills/sql.md"), ("link", "skills/link.md"), ("lost", "skills/x.md"), ("long", "skills/long.md"))
SNAPSHOT = snapshot(change("src/cart.py", "+x"), change(ODD, "+x"), change(DISGUISED, "+x"), deleted("src/gone.py"))


@dataclass
class Bench:
    tools: Mapping[str, Tool]
    reads: Reads
    code: MemoryCode

    async def ask(self, name: str, /, **arguments: object) -> str:
        """As the loop calls it: arguments that fit the schema."""
        tool = self.tools[name]
        return await tool.call(decode_arguments(json.dumps(arguments), tool.spec.parameters))

    async def read(self, path: str, start: int = 1, end: int = 500) -> str:
        return await self.ask("read_file", path=path, start_line=start, end_line=end)


def open_bench() -> Bench:
    """All reading tools over the shop, with skills."""
    code = MemoryCode({HEAD: HEAD_FILES, BASE: BASE_FILES})
    reads = Reads()
    tools = reading_tools(code, DefParser(), Re2Pattern.parse, SNAPSHOT, reads, skills=SKILLS)
    return Bench({tool.spec.name: tool for tool in tools}, reads, code)
