"""Host side, patches: does a diff that a command printed write anything but ordinary files of the tree."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping

from tests.probes.outside import Left, apply, git, left
from tests.probes.probe import Finding, Group, probe, verdict
from tests.probes.running import Ran
from tests.probes.site import Site

_G = Group.HOST
_SHA = re.compile(r"\b[0-9a-f]{40}\b")
_ZERO = "0" * 7


def _made(path: str, *, mode: str = "100644", content: str = "hostile") -> str:
    """A diff that makes one file."""
    return (
        f"diff --git a/{path} b/{path}\nnew file mode {mode}\nindex {_ZERO}..1111111\n"
        f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+{content}\n"
    )


def _changed(path: str, old: str, new: str) -> str:
    return f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-{old}\n+{new}\n"


_HONEST = _changed("src/other.py", "print('other')", "print('better')")

_HOSTILE: Mapping[str, str] = {
    "a path through ..": _made("../escaped"),
    "a path through .. further down": _made("src/../../escaped"),
    "a rename to ..": (
        "diff --git a/README.md b/../escaped\nsimilarity index 100%\nrename from README.md\nrename to ../escaped\n"
    ),
    ".git/config": _made(".git/config"),
    ".GIT/config": _made(".GIT/config"),
    "git~1/config": _made("git~1/config"),
    "a link": _made("link", mode="120000", content="/etc/passwd\n\\ No newline at end of file"),
    "a file through a link": _made("way", mode="120000", content="/tmp\n\\ No newline at end of file")
    + _made("way/escaped"),
    "a submodule": (
        f"diff --git a/sub b/sub\nnew file mode 160000\nindex {_ZERO}..1111111\n--- /dev/null\n+++ b/sub\n"
        f"@@ -0,0 +1 @@\n+Subproject commit {'1' * 40}\n"
    ),
    "a workflow": _made(".github/workflows/x.yml"),
    ".gitattributes": _made(".gitattributes", content="* filter=evil"),
    ".gitmodules": _made(".gitmodules", content='[submodule "x"]'),
    "a name with a newline": (
        'diff --git "a/new\\nline" "b/new\\nline"\nnew file mode 100644\nindex 0000000..1111111\n'
        '--- /dev/null\n+++ "b/new\\nline"\n@@ -0,0 +1 @@\n+x\n'
    ),
    "a name with control characters": (
        'diff --git "a/\\033[31m" "b/\\033[31m"\nnew file mode 100644\nindex 0000000..1111111\n'
        '--- /dev/null\n+++ "b/\\033[31m"\n@@ -0,0 +1 @@\n+x\n'
    ),
    "40 MB": _made("large", content="x" * (40 << 20)),
    "another case": _made("SRC/other.py"),
}
_PROTECTED = ("link", "way", "sub", ".github/workflows/x.yml", ".gitattributes", ".gitmodules", "large", "SRC/other.py")


def _tree(left: Left, ran: Ran) -> list[str] | None:
    """The paths of what came of a patch, None when it was refused."""
    if ran.status != 0:
        return None
    for sha in reversed(_SHA.findall(ran.out)):
        try:
            listed = git(left.store, "ls-tree", "-r", "-z", "--name-only", sha)
        except subprocess.CalledProcessError:
            continue
        return listed.split("\0")
    raise RuntimeError(f"the applier names no tree or commit: {ran.told}")


def _problems_of(name: str, it: Left, ran: Ran) -> list[str]:
    found = []
    if ran.status is None or "Traceback" in ran.err:
        found.append(f"it broke on {name}: {ran.told}")
    if (it.folder / "escaped").exists() or (it.folder.parent / "escaped").exists():
        found.append(f"{name} was written outside the tree")
    for path in _tree(it, ran) or ():
        parts = path.lower().split("/")
        odd = any(not c.isprintable() for c in path) or {"..", ".git", "git~1", ""} & set(parts) - {""}
        if odd or path in _PROTECTED:
            found.append(f"{name} was applied")
    return found


@probe(_G, "patch-honest", "an ordinary diff is applied (usability)")
def patch_honest(site: Site) -> Finding:
    with left(site) as it:
        ran = apply(it, _HONEST.encode())
        if _tree(it, ran) is None:
            return verdict([f"it was refused: {ran.told}"], "")
        shas = [sha for sha in _SHA.findall(ran.out) if sha != it.base]
        content = git(it.store, "cat-file", "blob", f"{shas[-1]}:src/other.py") if shas else ""
    return verdict([] if content == "print('better')\n" else ["the edit is not in what it made"], "applied")


@probe(_G, "patch-traversal", "hostile diffs are refused, and write nothing outside the tree or to protected paths")
def patch_traversal(site: Site) -> Finding:
    problems = []
    with left(site) as it:
        refs = git(it.store, "for-each-ref")
        if (honest := apply(it, _HONEST.encode())).status != 0:
            raise RuntimeError(f"an honest diff is refused, so nothing can be said of others: {honest.told}")
        for name, text in _HOSTILE.items():
            problems += _problems_of(name, it, apply(it, (text + _HONEST).encode()))
        if git(it.store, "for-each-ref") != refs:
            problems.append("a hostile diff moved a ref of the store")
    return verdict(problems, f"{len(_HOSTILE)} diffs")


PROBES = (patch_honest, patch_traversal)
