"""x."""
from tests.probes.probe import Probe
PROBES: tuple[Probe, ...] = ()
