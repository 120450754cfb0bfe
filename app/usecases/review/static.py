"""The pass without any model: rules, secrets, hidden text; and which lines no model will see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from app.domain.coverage import Coverage, Unreviewed
from app.domain.findings import Candidate, Evidence
from app.domain.rules import Rule
from app.domain.snapshot import Snapshot
from app.domain.static_checks import SECRET, check_file, secrets_in, structural_asks
from app.domain.visible import hidden_characters
from app.ports import Code, Structural

_AT_ONCE = 50
_MOST_BYTES = 1024 * 1024

Shapes = tuple[tuple[str, int], ...]

MOST_IN_FILE = 200
MOST = 2_000
"""Of what rules find in one review. Each is compared with the others, and nobody reads that many."""

RULES = "rules"
"""The `source` of candidates that no model made."""


async def look_at_trees(
    code: Code, structural: Structural, snapshot: Snapshot, rules: tuple[Rule, ...]
) -> Mapping[str, Shapes]:
    """What rules find in the syntax trees of changed files, as (rule id, line) by path. A file that no parser reads, or
    that is very long, has none.
    """
    asked = {path: asks for path in snapshot.diffs if (asks := structural_asks(path, rules))}
    found: dict[str, Shapes] = {}
    paths = tuple(asked)
    for start in range(0, len(paths), _AT_ONCE):
        some = paths[start : start + _AT_ONCE]
        for path, blob in (await code.blobs(snapshot.head, some, max_bytes=_MOST_BYTES)).items():
            if blob.truncated:
                continue
            text = blob.text_bytes.decode("utf-8", "replace")
            found[path] = await structural.structural(path, text, asked[path]) or ()
    return found


def static_candidates(
    rules: tuple[Rule, ...], snapshot: Snapshot, trees: Mapping[str, Shapes]
) -> tuple[Candidate, ...]:
    """What is certain without a model, in excluded files too: a secret in a vendored file is a secret."""
    disabled = snapshot.policy.rules.disable
    hits = [
        hit
        for path, diff in snapshot.diffs.items()
        for hit in check_file(path, diff, rules, disabled=disabled, structural=trees.get(path, ()))
    ]
    return tuple(
        Candidate(
            rule=hit.rule_id,
            severity=hit.severity,
            path=hit.path,
            start_line=hit.line,
            end_line=hit.line,
            title=hit.title,
            body=hit.body,
            evidence=Evidence.STATIC,
            confidence=1.0,
            source=RULES,
        )
        for hit in hits
    )


def bounded(candidates: Sequence[Candidate]) -> tuple[tuple[Candidate, ...], Mapping[str, Coverage]]:
    """The worst, in their order, and the files of which something is left out: those do not count as reviewed."""
    counts: Counter[str] = Counter()
    kept: set[int] = set()
    crowded: dict[str, Coverage] = {}
    for number in sorted(range(len(candidates)), key=lambda number: candidates[number].severity.value):
        path = candidates[number].path
        if counts[path] < MOST_IN_FILE and len(kept) < MOST:
            counts[path] += 1
            kept.add(number)
        else:
            crowded[path] = Unreviewed(f"rules find more in it than is told: {counts[path]} places are")
    return tuple(candidates[number] for number in sorted(kept)), crowded


def hidden_lines(snapshot: Snapshot, static: Iterable[Candidate]) -> dict[str, Coverage]:
    """Files of which the model saw placeholders in place of added lines, and no finding tells of each of these
    secrets: nobody read those lines.
    """
    told = {(c.path, c.start_line, c.title) for c in static if c.rule == SECRET}
    unread = Unreviewed("added text that looks like a secret was hidden from the model")
    return {
        path: unread
        for path, diff in snapshot.diffs.items()
        if any((path, number, title) not in told for number, title in secrets_in(diff))
    }


def count_hidden(snapshot: Snapshot) -> int:
    """Invisible characters in the title, the body and the added lines."""
    texts = [snapshot.title, snapshot.body]
    texts += [row.text for diff in snapshot.diffs.values() for row in diff.added_lines()]
    return sum(len(hidden_characters(text)) for text in texts)
