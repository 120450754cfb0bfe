"""A proof is one when a command prints on the head what was foretold, prints it nowhere on the base, and ends."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from app.domain.errors import ModelUnavailable, RevwrightError, SandboxRefused, SandboxUnavailable
from app.domain.findings import Evidence, Finding
from app.domain.pull_request import Sha
from app.domain.sandbox import Limit
from app.domain.severity import Severity
from app.domain.tiers import Tier
from app.usecases.review.proving import MOST, Shown, prove
from tests.build import BASE, HEAD
from tests.fakes.scripted_sandboxes import Said, ScriptedSandboxes
from tests.usecases.review.studio import Answer, Studio, about

TOKEN = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
WRONG, RIGHT = (b"paid ", b"nothing\n"), (b"paid 1\n",)


def plan(command: str | None = "sh check.sh", expected: str = "paid nothing", **files: str) -> Mapping[str, object]:
    made = [{"path": path, "text": text} for path, text in files.items()]
    return {"command": command, "files": made, "expected": expected, "why_not": "" if command else "It needs a bank."}


async def shown(
    answer: Answer, sandboxes: ScriptedSandboxes | None, *findings: Finding, paths: tuple[str, ...] = ("pay/a.py",)
) -> Shown:
    studio = Studio(lambda _: answer, sandboxes=sandboxes)
    group = await studio.group(Tier.STANDARD)
    result = await prove(await studio.crew(), findings or (about(),), dict.fromkeys(paths, (group,)))
    assert sandboxes is None or sandboxes.open_now == 0
    assert len(studio.model.seen) <= MOST
    return result


def printing(head: Said, base: Said, limits: Mapping[Sha, Limit] | None = None) -> ScriptedSandboxes:
    return ScriptedSandboxes({HEAD: head, BASE: base}, limits or {})


async def test_what_only_the_head_prints_reproduces_the_finding() -> None:
    sandboxes = printing(WRONG, RIGHT)
    (finding,) = (await shown(plan(**{"new.sh": f"# {TOKEN}\n"}), sandboxes)).findings

    proof = finding.proof
    assert finding.evidence is Evidence.REPRODUCED
    assert proof is not None
    assert proof.base is not None
    assert (proof.head.commit, proof.head.output) == (HEAD, "paid nothing\n")
    assert (proof.base.commit, proof.base.output) == (BASE, "paid 1\n")
    assert proof.head.ended == "exit status 0 after 0.1 s"
    assert TOKEN not in proof.files[0][1]
    assert sandboxes.opened == [HEAD, BASE]
    assert sandboxes.done == ["write new.sh", "run sh check.sh"] * 2


FLOOD = (b"x" * 9_000, b"paid noth", b"ing", b"y" * 9_000)


@pytest.mark.parametrize(
    ("answer", "sandboxes", "reason"),
    [
        (plan(), printing(RIGHT, RIGHT), "the command did not print on the head what was foretold"),
        (plan(), printing(WRONG, WRONG), "the command prints the same on the base"),
        (plan(), printing(WRONG, FLOOD), "the command prints the same on the base"),
        (plan(), printing(FLOOD, RIGHT), "the command did not print on the head what was foretold"),
        (
            plan(),
            printing(WRONG, RIGHT, {HEAD: Limit.TIME}),
            "on the head the command ran into a limit: wall-clock time (120 s)",
        ),
        (
            plan(),
            printing(WRONG, RIGHT, {BASE: Limit.OUTPUT}),
            "on the base the command ran into a limit: output (4 MiB)",
        ),
        (plan(), printing(SandboxUnavailable("it died"), RIGHT), "the sandbox did not run it: it died"),
        (plan(), ScriptedSandboxes(refusal=SandboxRefused("too large")), "the sandbox did not run it: too large"),
        (plan(**{"app/b.py": "b = 2\n"}), printing(WRONG, RIGHT), "the proof would overwrite app/b.py"),
        (plan(None, ""), printing(WRONG, RIGHT), "It needs a bank."),
        (ModelUnavailable("503"), printing(WRONG, RIGHT), "the model did not answer: 503"),
    ],
)
async def test_what_shows_nothing_leaves_the_finding_reasoned(
    answer: Answer, sandboxes: ScriptedSandboxes, reason: str
) -> None:
    result = await shown(answer, sandboxes)

    assert result.findings == (about(),)
    assert result.notes == (f"F1: {reason}",)


async def test_an_error_that_is_nobodys_answer_passes_through() -> None:
    with pytest.raises(RevwrightError, match="of another kind"):
        await shown(plan(), printing(RevwrightError("of another kind"), RIGHT))


async def test_only_the_worst_findings_of_core_files_are_tried() -> None:
    """Not what is P3, not what is certain already, not other files; and only so many."""
    sandboxes = printing(WRONG, RIGHT)
    mild = about(id_="mild", severity=Severity.P3)
    elsewhere = about("app/b.py", 1, id_="elsewhere")
    many = tuple(about(id_=f"F{n}") for n in range(MOST + 2))
    result = await shown(plan(), sandboxes, mild, elsewhere, *many)

    assert [one.id for one in result.findings if one.proof] == [f"F{n}" for n in range(MOST)]
    assert len(result.findings) == MOST + 4
    assert len(sandboxes.opened) == 2 * MOST


async def test_without_a_sandbox_nothing_is_tried() -> None:
    assert await shown(plan(), None) == Shown((about(),), ())
