"""The network that a runner has for projects' setup, where the operator names hosts."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from contextlib import closing

from app.adapters.sandbox.network.doors import Doors
from app.adapters.sandbox.network.outside import SystemResolver
from app.adapters.sandbox.network.setup_network import SetupNetwork
from app.domain.errors import SettingsInvalid
from app.domain.setup_hosts import SetupHosts

_log = logging.getLogger(__name__)


@contextlib.contextmanager
def setup_network(hosts: SetupHosts) -> Iterator[SetupNetwork | None]:
    """None where no host is named. To be entered after `prepare`, before there is a thread: see `Doors`.

    Raises SettingsInvalid where there cannot be one.
    """
    if not hosts:
        yield None
        return
    try:
        doors = Doors.start()
    except OSError as error:
        raise SettingsInvalid(f"REVWRIGHT_SETUP_HOSTS: no process can be started: {error.strerror}") from None
    with closing(doors), closing(SystemResolver()) as resolver:
        _log.info("runner: setup may reach %s, and nothing else", hosts)
        yield SetupNetwork(hosts=hosts, doors=doors, resolve=resolver)
