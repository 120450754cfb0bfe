"""The pass without any model: rules, secrets, hidden text; and which lines no model will see."""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.coverage import Coverage, Unreviewed
from app.domain.findings import Candidate, Evidence
from app.domain.rules import Rule
from app.domain.snapshot import Snapshot
from app.domain.static_checks import SECRET, check_file, redact_secrets
from app.domain.static_checks.hit import StaticHit
from app.domain.visible import hidden_characters

RULES = "rules"
"""The `source` of candidates that no model made."""


def static_candidates(rules: tuple[Rule, ...], snapshot: Snapshot, more: Iterable[StaticHit]) -> tuple[Candidate, ...]:
    """What is certain without a model, in excluded files too: a secret in a vendored file is a secret.

    `more` are hits of structural patterns, which need a parser.
    """
    hits = [
        hit
        for path, diff in snapshot.diffs.items()
        for hit in check_file(path, diff, rules, disabled=snapshot.policy.rules.disable)
    ]
    seen = {(hit.rule_id, hit.path, hit.line) for hit in hits}
    hits += [hit for hit in more if (hit.rule_id, hit.path, hit.line) not in seen]
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


def hidden_lines(snapshot: Snapshot, static: Iterable[Candidate]) -> dict[str, Coverage]:
    """Files of which the model saw placeholders in place of added lines, and no finding says so: nobody read those."""
    told = {c.path for c in static if c.rule == SECRET}
    unread = Unreviewed("added text that looks like a secret was hidden from the model")
    return {
        path: unread
        for path, diff in snapshot.diffs.items()
        if path not in told and redact_secrets(text := "\n".join(row.text for row in diff.added_lines())) != text
    }


def count_hidden(snapshot: Snapshot) -> int:
    """Invisible characters in the title, the body and the added lines."""
    texts = [snapshot.title, snapshot.body]
    texts += [row.text for diff in snapshot.diffs.values() for row in diff.added_lines()]
    return sum(len(hidden_characters(text)) for text in texts)
