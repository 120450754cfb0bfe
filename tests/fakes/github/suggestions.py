"""The buttons of suggested changes: each is applied to the file, as GitHub does when somebody clicks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from tests.fakes.github.git_store import GitFailed

if TYPE_CHECKING:
    from tests.fakes.github.git_store import GitStore
    from tests.fakes.github.line_comments import Anchor


def suggestions(body: str) -> list[str]:
    """The text of every suggestion block of a comment, its last line feed included."""
    tokens = MarkdownIt("commonmark").parse(body)
    return [token.content for token in tokens if token.type == "fence" and token.info.strip() == "suggestion"]


def problems(store: GitStore, commit: str, anchor: Anchor, body: str) -> list[str]:
    """Why the buttons of a comment would not do what they say."""
    found = suggestions(body)
    if not found:
        return []
    if len(found) > 1:
        return ["there is more than one suggestion, and each would replace the same lines"]
    if anchor.subject_type == "file" or anchor.side != "RIGHT" or anchor.line is None:
        return ["the comment is not on lines of the new file"]
    try:
        before = store.run("cat-file", "blob", f"{commit}:{anchor.path}")
    except GitFailed:
        return [f"{commit} has no file {anchor.path!r}"]
    after = applied(before, anchor.start_line or anchor.line, anchor.line, found[0])
    if after is None:
        return [f"the file has no lines {anchor.start_line or anchor.line} to {anchor.line}"]
    return ["it changes nothing"] if after == before else []


def applied(before: bytes, start: int, end: int, block: str) -> bytes | None:
    """The file after the click, with the line ends that the replaced lines have; None where it has no such lines."""
    *whole, rest = before.split(b"\n")
    lines = [line + b"\n" for line in whole] + ([rest] if rest else [])
    if not 1 <= start <= end <= len(lines):
        return None
    old = lines[start - 1 : end]
    ends = b"\r\n" if old[0].endswith(b"\r\n") else b"\n"
    new = [line.encode() + ends for line in block.removesuffix("\n").split("\n")] if block else []
    if new and not old[-1].endswith(b"\n"):
        new[-1] = new[-1].removesuffix(ends)
    return b"".join([*lines[: start - 1], *new, *lines[end:]])
