"""`revwright runner`: the process that executes code of pull requests, and knows no secret."""

from __future__ import annotations

import logging
import os
import pwd
import socket
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from app.cli.logs import configure
from app.domain.errors import SettingsInvalid
from app.settings import RunnerSettings
from app.wiring.runner import OF_ROOT, RunnerOptions, prepare, retention, run_as_runner, run_runner
from app.wiring.setup_network import setup_network

_log = logging.getLogger(__name__)


def runner(arguments: Namespace, environ: Mapping[str, str]) -> int:
    """Serves until stopped, or until the worker that started it is gone."""
    settings = RunnerSettings.from_environment(environ)
    configure(settings.log_format)
    options = RunnerOptions(
        workspaces_dir=settings.workspaces_dir or OF_ROOT,
        root=settings.sandbox.root,
        user=settings.sandbox.runner_user,
        at_once=settings.sandbox.at_once,
        worker_uid=_worker_uid(arguments),
    )
    place: socket.socket | Path
    if arguments.control is not None:
        place = socket.socket(fileno=arguments.control)
    else:
        place = Path(arguments.socket).absolute()
    cgroups = prepare(options)
    with setup_network(settings.sandbox.setup_hosts) as network:
        run_as_runner(run_runner(options, cgroups, place, retention(settings.sandbox), network))
    _log.info("runner: stopped")
    return 0


def _worker_uid(arguments: Namespace) -> int:
    """By number or name; whoever starts the runner, unless it is said."""
    name: str | None = arguments.worker_user
    if name is None:
        return os.getuid()
    if name.isascii() and name.isdigit():
        return int(name)
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise SettingsInvalid(f"--worker-user is {name!r}, and there is no such user") from None
