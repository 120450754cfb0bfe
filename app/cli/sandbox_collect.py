"""`revwright sandbox collect`: what changed in a directory, and what of it may become a commit, as JSON."""

from __future__ import annotations

import argparse
import asyncio
import json

from app.adapters.git.process import checked_sha
from app.cli.exit_status import EXIT_PASSED, EXIT_REFUSED
from app.domain.patches_json import collected_json
from app.wiring.sandbox_files import collect_directory


def collect(arguments: argparse.Namespace) -> int:
    """Exit status 1 when something declared may not leave. Raises SandboxRefused and GitFailed."""
    declared = None if arguments.all else arguments.edited
    base = checked_sha(arguments.base)
    collected = asyncio.run(collect_directory(arguments.workspace, arguments.git_dir, base, declared))
    print(json.dumps(collected_json(collected), indent=2))
    return EXIT_REFUSED if collected.refused else EXIT_PASSED
