"""Tests in languages of which nothing is known here: what can be changed of them without being understood.

That is little: new files, and what stands at the end of others, where the end does not decide how the whole ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.domain.globs import fold

_DATA = re.compile(
    r".+\.(?:jsonl?|json5|ndjson|txt|text|snap|md|rst|ya?ml|xml|x?html?|css|scss|csv|tsv|ini|cfg|conf|toml|properties"
    r"|golden|expected|out|output|stdout|stderr|in|input|svg|sql|log|diff|patch|po|lock|proto|graphql)"
)
_DATA_PLACES = frozenset({"testdata", "__snapshots__"})
_ENDS_DECIDE = re.compile(r"[^.]+|.+\.(?:sh|bash|zsh|ksh|fish|t|pl|pm|tcl|exp|lua|ps1|bat|cmd|awk|r)")
"""What is run from top to bottom, and whose last word is the result."""
_OFF = re.compile(
    r"\b(?:skip\w*|xfail|disabled\w*|pending|todo|ignored?|exit|_exit|quit_?|abort|trap|constructor)\b"
    r"|\bGTEST_SKIP\b|@skip|@ignore",
    re.IGNORECASE,
)


def unknown_test(path: str, before: str | None, after: str | None) -> Iterator[str]:
    """Why such a change is refused, in words that follow the path. Data may change, and is told of."""
    *above, name = fold(path).split("/")
    if before is None or after is None or _DATA.fullmatch(name) or not _DATA_PLACES.isdisjoint(above):
        return
    whole = before if before.endswith("\n") or not before else f"{before}\n"
    if _ENDS_DECIDE.fullmatch(name) or (before.startswith("#!") and not name.endswith(".bats")):
        yield "is a test whose end decides what it tells, in a language that is not known here: only people change it"
    elif not after.startswith(whole):
        yield "is a test in a language that is not known here: a repair may only add to its end, or add a file"
    elif _OFF.search(after[len(whole) :]):
        yield "is a test in a language that is not known here, and what is added may end, skip or turn off tests"
