"""`revwright config`: is this policy file, or this environment, all right; what holds with it; what may stand in it."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from app.adapters.rules.policy_schema import policy_schema_json
from app.cli.exit_status import EXIT_PASSED, EXIT_PROBLEMS
from app.cli.policy_files import layer_of, policy_of, tell_problems
from app.domain.errors import PolicyInvalid
from app.domain.messages.config import config_json, config_text
from app.domain.policy_layers import Layer, Source, compose
from app.settings import Settings
from app.usecases.policies import Above
from app.wiring.local import policy_at


def config(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    match arguments.action:
        case "check":
            return _check_settings(environ) if arguments.settings else _check_policy(arguments.file)
        case "show":
            return _show(arguments, environ)
        case "schema":
            print(policy_schema_json(), end="")
            return EXIT_PASSED
        case action:
            raise AssertionError(action)


def _check_policy(file: str) -> int:
    """0: all right. 1: problems, one a line, on standard error."""
    try:
        policy_of(file, follow=False)
    except PolicyInvalid as error:
        tell_problems(error)
        return EXIT_PROBLEMS
    print(f"{file}: valid")
    return EXIT_PASSED


def _show(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """What holds with the files that were named; 1 when one is not valid: without it this would be another policy."""
    try:
        layers = _ceilings(arguments, environ)
        own = (
            asyncio.run(policy_at(Path(arguments.repo), arguments.ref))
            if arguments.file is None
            else Above((layer_of(arguments.file, Source.REPOSITORY, follow=False),))
        )
    except PolicyInvalid as error:
        tell_problems(error)
        return EXIT_PROBLEMS
    if own.problems:
        print("\n".join(own.problems), file=sys.stderr)
        return EXIT_PROBLEMS
    effective = compose((*layers, *own.layers))
    print(json.dumps(config_json(effective), indent=2) if arguments.json else config_text(effective))
    return EXIT_PASSED


def _ceilings(arguments: argparse.Namespace, environ: Mapping[str, str]) -> list[Layer]:
    """Of the deployment, as the environment names it or an option, and of the organisation. Raises PolicyInvalid."""
    found: list[Layer] = []
    if arguments.deployment is not None:
        found.append(layer_of(arguments.deployment, Source.DEPLOYMENT, follow=True))
    elif (deployment := Settings.from_environment(environ).policy.deployment) is not None:
        found.append(deployment)
    if arguments.organisation is not None:
        found.append(layer_of(arguments.organisation, Source.ORGANISATION, follow=False))
    return found


def _check_settings(environ: Mapping[str, str]) -> int:
    settings = Settings.from_environment(environ)
    settings.need_github()
    for warning in settings.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print("settings: valid")
    return EXIT_PASSED
