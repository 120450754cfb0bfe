"""The proof of a finding: the command, what it printed on the head and on the base, and the files written for it."""

from __future__ import annotations

from app.domain.entries import display_path
from app.domain.findings import Proof, ProofRun
from app.domain.inert import code_span, fence, inline
from app.domain.messages.folding import folded

MAX_OUTPUT = 6_000
MAX_FILES = 5
MAX_FILE = 4_000


def proof_words(proof: Proof) -> str:
    """What a reader can run again, and what came of it here."""
    lines = ["**Proof**, run in the sandbox:", "", fence(proof.command, "sh", limit=2_000), ""]
    lines.append(f"- on this head: {_ended(proof.head)}")
    base = _ended(proof.base) if proof.base else "it could not be run there"
    lines.append(f"- on the base: {base}")
    if proof.expected.strip():
        lines.append(f"- foretold for the head alone: {code_span(proof.expected.strip(), limit=300)}")
    parts = ["\n".join(lines)]
    parts.append(_printed("What it printed on this head", proof.head))
    if proof.base is not None:
        parts.append(_printed("What it printed on the base", proof.base))
    parts.append(_files(proof))
    return "\n\n".join(part for part in parts if part)


def _ended(run: ProofRun) -> str:
    return f"{inline(run.ended, limit=200)} (`{run.commit[:12]}`)"


def _printed(title: str, run: ProofRun) -> str:
    return folded(title, fence(run.output, limit=MAX_OUTPUT)) if run.output.strip() else ""


def _files(proof: Proof) -> str:
    if not proof.files:
        return ""
    shown = [
        f"{code_span(display_path(path), limit=200)}\n\n{fence(text, limit=MAX_FILE)}"
        for path, text in proof.files[:MAX_FILES]
    ]
    if len(proof.files) > MAX_FILES:
        shown.append(f"… and {len(proof.files) - MAX_FILES} more.")
    return folded(f"Files that the reviewer wrote for it: {len(proof.files)}", "\n\n".join(shown))
