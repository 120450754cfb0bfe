"""No sandbox at all, and a careless host side: what the probes have to be able to notice."""

from __future__ import annotations

import sys

from tests.probes.site import Launchers
from tests.probes.template import Template

_HERE = (sys.executable, "-m", "tests.probes.careless")


def launchers() -> Launchers:
    """A bare process in the workspace; `git add` and `patch` on files that somebody else wrote."""
    return Launchers(
        execute=Template(("env", "-C", "{workspace}", "{command}")),
        collect=Template((*_HERE, "collect", "{workspace}", "{store}", "{base}", "{edited}")),
        apply=Template((*_HERE, "apply", "{store}", "{base}", "{patch}")),
        remove=Template((*_HERE, "remove", "{workspace}")),
        host_seconds=12,  # it waits for ever where the product must not
    )
