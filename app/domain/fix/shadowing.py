"""New files that a test runner loads in place of its own, or beside it, for their place and their name.

Whoever writes one writes the result of the tests. A name is looked at only where common runners look for modules.
"""

from __future__ import annotations

import re
import sys

from app.domain.globs import fold

_RUNNERS = frozenset(
    {"pytest", "_pytest", "pluggy", "iniconfig", "py", "nose", "nose2", "unittest2", "coverage", "xdist", "hypothesis"}
)
_ROOTS = frozenset({"", "src", "lib", "python"})
_TESTS = frozenset({"test", "tests"})
_RUBY = re.compile(r"(?:(?:.+/)?(?:lib|test|spec)/)?(?:minitest|rspec)(?:\.rb|/.+)")
"""RubyGems' `Gem.find_files`, by which Minitest finds its plugins, looks through the load path first."""


def loaded_instead(path: str) -> str | None:
    """Why no patch may add this file, in words that follow the path; None where it may."""
    if _RUBY.fullmatch(fold(path)):
        return "would be loaded by the test runner as a part of itself"
    module = _top_level_module(path)
    if module is not None and (module in _RUNNERS or module in sys.stdlib_module_names):
        return f"would be imported in place of {module!r}, which the tests are run with"
    return None


def _top_level_module(path: str) -> str | None:
    """The module that Python imports by this name from its path: from the root, from where projects keep their sources,
    and from a directory of tests, which runners put on the path.
    """
    *above, name = path.split("/")
    if not name.endswith(".py"):
        return None
    module = above.pop() if name == "__init__.py" and above else name.removesuffix(".py")
    on_path = "/".join(above) in _ROOTS or fold(above[-1]) in _TESTS
    return module if on_path else None
