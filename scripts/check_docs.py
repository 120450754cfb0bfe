"""`make docs`: links point at something, named commands and make targets exist, files keep their size."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from app.cli.main import COMMANDS

_ROOT = Path(__file__).parent.parent
_BORROWED = _ROOT / "tests" / "repairs"
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6}\s+(.*)$", re.MULTILINE)
_COMMAND = re.compile(r"(?:^|[`\s])revwright ([a-z]+)")
_TARGET = re.compile(r"(?:^|`| {4})make ((?:[a-z]+ ?)+)(?:`|$)", re.MULTILINE)
MAX_LINES = 400


def main() -> None:
    problems = [*_documents(), *_sizes()]
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(1)
    print(f"documentation and file sizes are in order ({len(_pages())} pages)")


def _pages() -> list[Path]:
    folders = [_ROOT, _ROOT / "docs", _ROOT / "review_rules", _ROOT / "tests", _ROOT / "charts"]
    found = {page for folder in folders[1:] for page in folder.rglob("*.md")} | set(_ROOT.glob("*.md"))
    return sorted(filter(is_ours, found))


def is_ours(path: Path) -> bool:
    """Whether the rules of this repository are for a file: not for other people's code, which is kept as it is."""
    return not (path.is_relative_to(_BORROWED) and "before" in path.relative_to(_BORROWED).parts)


def _documents() -> Iterator[str]:
    makefile = (_ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for page in _pages():
        text = page.read_text()
        name = page.relative_to(_ROOT)
        yield from (f"{name}: broken link {link}" for link in _LINK.findall(text) if not _resolves(page, link))
        for command in set(_COMMAND.findall(text)) - set(COMMANDS):
            yield f"{name}: there is no command `revwright {command}`"
        named = {target for match in _TARGET.findall(text) for target in match.split()}
        yield from (f"{name}: there is no `make {target}`" for target in named - targets)


def _resolves(page: Path, link: str) -> bool:
    """External links are not followed: this runs without a network."""
    if re.match(r"[a-z]+:", link):
        return link.startswith(("https://", "mailto:"))
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return False
    if not anchor:
        return True
    headings = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in _HEADING.findall(target.read_text())}
    return anchor in headings


def _sizes() -> Iterator[str]:
    for folder in ("app", "workers", "tests", "scripts"):
        for path in filter(is_ours, sorted((_ROOT / folder).rglob("*.py"))):
            lines = len(path.read_text().splitlines())
            if lines > MAX_LINES:
                yield f"{path.relative_to(_ROOT)}: {lines} lines, over the limit of {MAX_LINES}"


if __name__ == "__main__":
    main()
