"""The tools that a model may use. Each is a typed function with bounds; none knows a secret or writes on the host."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.shown import real_paths
from app.domain.snapshot import Snapshot
from app.ports import Code, Parser, PatternCompiler
from app.usecases.tool_calls import Tool
from app.usecases.tools.apply_patch import ApplyPatchTool
from app.usecases.tools.files import Files, Reads
from app.usecases.tools.files_in import WorkspaceReadTool
from app.usecases.tools.outlining import Blame, Symbols
from app.usecases.tools.plan import PlanTool
from app.usecases.tools.reading import BaseVersion, ListDirectory, ReadFile
from app.usecases.tools.run import RunLimits, RunTool
from app.usecases.tools.searching import Grep, References
from app.usecases.tools.skills import ReadSkill

__all__ = [
    "ApplyPatchTool",
    "PlanTool",
    "Reads",
    "RunLimits",
    "RunTool",
    "WorkspaceReadTool",
    "reading_tools",
]


def reading_tools(
    code: Code,
    parser: Parser,
    compile_pattern: PatternCompiler,
    snapshot: Snapshot,
    reads: Reads,
    *,
    skills: tuple[tuple[str, str], ...] = (),
    names: Mapping[str, str] | None = None,
) -> tuple[Tool, ...]:
    """What looks around in a snapshot. `skills` are (name, path at the base commit); `reads` notes what was shown.

    `names` are the changed paths by how a prompt shows them, for who makes many tools for one large change.
    """
    if names is None:
        names = real_paths(entry.path for entry in snapshot.entries)
    files = Files(code, snapshot, reads, names)
    tools: tuple[Tool, ...] = (
        ReadFile(files),
        BaseVersion(files),
        ListDirectory(files),
        Grep(files, compile_pattern),
        Symbols(files, parser),
        References(files, parser, compile_pattern),
        Blame(files),
    )
    return (*tools, ReadSkill(code, snapshot.base, skills)) if skills else tools
