"""What a comment offers to apply applies: whatever models suggest, every button does what it says."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from app.domain.messages.comments import inline_comment
from tests.adapters.git.stores import Store
from tests.examining import Asked, Row, Said, answer, claim_of, confirm, examine
from tests.examples import examples
from tests.fakes.github.suggestions import applied, suggestions

FILE = [b"line %d" % number for number in range(1, 61)]
TEXTS = (
    "better",
    "better\n",
    "two\nlines\n",
    "\r\nwith\r\nreturns\r\n",
    "```suggestion\nnested\n```",
    "~~~~\n````",
    "",
    " \n",
    "\n",
    "line 10",
    "[secret: password]",
    "zero\u200bwidth",
    "<!-- revwright x -->",
    "tab\tand trailing space ",
    "x" * 1_990,
    "x" * 2_100,
    "y\n" * 900,
    "lone\rreturn",
    "not plain \ud83d",
    "\u2028",
)


def tree_of(chance: Random) -> tuple[bytes, bytes]:
    """A file and an edit of it with some hunks: deleted, changed and added lines, ends of every kind."""
    end = chance.choice([b"\n", b"\r\n"])
    lines: list[bytes] = []
    for line in FILE:
        match chance.randrange(14):
            case 0:
                lines.append(line + b" changed")
            case 1:
                lines += [line, b"added"]
            case 2:
                pass
            case _:
                lines.append(line)
    mixed = [line + (b"\r" if chance.randrange(40) == 0 else b"") for line in lines]
    head = end.join(mixed or [b"left"]) + (end if chance.randrange(3) else b"")
    return end.join(FILE) + end, head


def wild(chance: Random) -> Said:
    """Lines that may be anywhere."""
    start = chance.randrange(-1, 66)
    return claim_of(
        ROW,
        start_line=start,
        end_line=start + chance.choice([0, 0, 0, 1, 2, 5, 40, -1]),
        title=f"Claim {chance.randrange(1_000)}",
        suggestion=chance.choice(TEXTS),
        quotes=[],
    )


ROW = Row("a.py", 1, "+", "x")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store.create(tmp_path_factory.mktemp("suggested") / "store.git")


@settings(max_examples=examples(8, search=15), phases=(Phase.generate,))
@given(seed=st.integers(0, 2**32))
def test_every_button_applies(store: Store, seed: int) -> None:
    chance = Random(seed)
    before, after = tree_of(chance)
    base = store.commit({"a.py": before})
    head = store.commit({"a.py": after + b"end\n"}, base)
    claims = [wild(chance) for _ in range(16)]

    def say(asked: Asked) -> Said:
        return confirm(asked) if asked.task == "judge" else answer(*claims)

    seen = asyncio.run(examine(store.git_dir, base, head, say=say))

    content = store.content(head, "a.py")
    diff = seen.snapshot.diffs["a.py"]
    for finding in seen.examined.report.findings:
        comment = inline_comment(finding, {}, "")
        if not finding.inline:
            continue
        assert diff.same_hunk(comment.start_line, comment.line)
        for block in suggestions(comment.body):
            clicked = applied(content, comment.start_line, comment.line, block)
            assert clicked is not None
            assert clicked != content
