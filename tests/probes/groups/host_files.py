"""Host side, files: what names, links and special files that a command has left do to who collects them."""

from __future__ import annotations

import os
import socket
import threading
import unicodedata
from pathlib import Path

from tests.probes import outside
from tests.probes.outside import HONEST, Left, collect, left
from tests.probes.probe import Finding, Group, probe, verdict
from tests.probes.running import Ran
from tests.probes.site import Site

_G = Group.HOST
_OTHER = "src/other.py"


def _ended(ran: Ran) -> list[str]:
    if ran.status is None:
        return ["the collector did not end"]
    return ["the collector broke: " + ran.told] if "Traceback" in ran.err else []


@probe(_G, "symlink-file", "a link in place of a file is not followed")
def symlink_file(site: Site) -> Finding:
    problems = []
    for target in (str(site.key_file), os.path.relpath(site.key_file, "/"), "/proc/self/environ"):
        with left(site) as it:
            file = it.workspace / HONEST
            file.unlink()
            file.symlink_to(target)
            it.edit(_OTHER, "edited\n")
            took = collect(it, (HONEST, _OTHER))
            problems += _ended(took.ran)
            if site.canary in took.text:
                problems.append(f"the secret behind a link to {target} came out")
            if HONEST in took.paths:
                problems.append("the link came out as an edit")
    return verdict(problems, "3 links refused")


@probe(_G, "symlink-dir", "a link in place of a directory is not followed, and nothing below it counts as deleted")
def symlink_dir(site: Site) -> Finding:
    with left(site) as it:
        secret = it.folder / "secret"
        secret.mkdir()
        (secret / "app.py").write_text(site.canary)
        (it.workspace / "src").rename(it.folder / "moved")
        (it.workspace / "src").symlink_to(secret)
        it.edit("README.md", "edited\n")
        took = collect(it, (HONEST, "README.md"))
        problems = _ended(took.ran)
        if site.canary in took.text:
            problems.append("the secret behind the link came out")
        if any(path.startswith("src") for path in took.paths):
            problems.append(f"edits below the link: {took.paths}")
    return verdict(problems, "not followed, nothing deleted")


@probe(_G, "special-files", "a pipe or a socket in place of a file neither blocks nor breaks the collector")
def special_files(site: Site) -> Finding:
    problems = []
    for kind in ("fifo", "socket", "directory"):
        with left(site) as it:
            file = it.workspace / HONEST
            file.unlink()
            match kind:
                case "fifo":
                    os.mkfifo(file)
                case "socket":
                    with socket.socket(socket.AF_UNIX) as server:
                        _bind(server, file)
                case _:
                    file.mkdir()
            os.mkfifo(it.workspace / "src" / "extra")
            it.edit(_OTHER, "edited\n")
            took = collect(it, (HONEST, _OTHER))
            problems += [f"{problem} ({kind})" for problem in _ended(took.ran)]
            if HONEST in took.paths and kind != "directory":
                problems.append(f"a {kind} came out as an edit")
    return verdict(problems, "3 kinds, no edit of any")


def _bind(server: socket.socket, file: Path) -> None:
    """By a short way: a socket's path has about 107 bytes."""
    folder = os.open(file.parent, os.O_PATH)
    try:
        server.bind(f"/proc/self/fd/{folder}/{file.name}")
    finally:
        os.close(folder)


_NAMES = (
    b"new\nline.py",
    b"\x1b[31mred.py",
    b"-rf",
    b"--edited=x",
    b"not-utf8-\xff\xfe.py",
    "bidi-\u202ecod.py".encode(),
    b"x" * 255,
    b"tab\tand\rreturn.py",
    b"back\\slash.py",
    "zero\u200bwidth.py".encode(),
)


@probe(_G, "file-names", "names made to deceive people, terminals and command lines do no harm")
def file_names(site: Site) -> Finding:
    with left(site) as it:
        for name in _NAMES:
            with open(os.fsencode(it.workspace) + b"/src/" + name, "wb") as file:  # noqa: PTH123
                file.write(b"x\n")
        edited = [os.fsdecode(b"src/" + name) for name in _NAMES]
        took = collect(it, edited)
        plain = collect(it)
    problems = [*_ended(took.ran), *_ended(plain.ran)]
    for ran in (took.ran, plain.ran):
        if any(unicodedata.category(c) in {"Cc", "Cf", "Cs"} and c != "\n" for c in ran.out + ran.err):
            problems.append("a control character was printed")
            break
    unsafe = [
        path for path in took.paths if any(unicodedata.category(c) in {"Cc", "Cf", "Cs"} for c in path) or "\\" in path
    ]
    if unsafe:
        problems.append(f"edits of {', '.join(map(ascii, unsafe))}"[:200])
    if HONEST not in plain.paths:
        problems.append(f"the honest edit does not come out beside them: {plain.ran.told}")
    return verdict(problems, f"{len(_NAMES)} names, printed without control characters")


_ALIASES = (
    ".git/config",
    ".GIT/config",
    ".Git/hooks/pre-commit",
    "git~1/config",
    "GIT~1/config",
    ".g\u200cit/config",
    ".git\u200d/config",
    ".git /config",
    ".git./config",
    ".git::$INDEX_ALLOCATION/config",
    "sub/.git/config",
    "SRC/app.py",
    "src/App.py",
    ".GITMODULES",
)


@probe(_G, "dotgit-alias", "no name that some file system takes for .git, or for another file, becomes an edit")
def dotgit_alias(site: Site) -> Finding:
    problems = []
    with left(site) as it:
        for path in _ALIASES:
            it.edit(path, "[core]\n\tfsmonitor = x\n")
        took = collect(it, (*_ALIASES, HONEST))
        problems += _ended(took.ran)
        problems += [f"an edit of {path!a}" for path in took.paths if path in _ALIASES]
    return verdict(problems, f"{len(_ALIASES)} names refused")


@probe(_G, "deep-tree", "a tree of 3,000 levels does not break the collector")
def deep_tree(site: Site) -> Finding:
    with left(site) as it:
        _dig(it.workspace, 3000)
        took = collect(it)
        problems = _ended(took.ran)
        if HONEST not in took.paths and not took.refused:
            problems.append(f"neither an edit nor a refusal: {took.ran.told}")
    return verdict(problems, "refused in words" if took.refused else "the edit came out")


def _dig(top: Path, levels: int) -> None:
    folder = os.open(top, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=folder)
        below = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    os.close(os.open("bottom", os.O_CREAT, dir_fd=folder))
    os.close(folder)


@probe(_G, "huge-file", "a file of 64 GB with holes in place of an edited one is refused without being read")
def huge_file(site: Site) -> Finding:
    with left(site) as it:
        os.truncate(it.workspace / HONEST, 64 << 30)
        it.edit("large", "")
        os.truncate(it.workspace / "large", 64 << 30)
        took = collect(it)
        problems = _ended(took.ran)
        if HONEST in took.paths:
            problems.append("it came out as an edit")
    return verdict(problems, f"refused after {took.ran.seconds:.1f} s")


@probe(_G, "toctou", "a file that is exchanged for a link while it is collected never lets the secret out")
def toctou(site: Site) -> Finding:
    times, lost, broke = 12, 0, list[str]()
    with left(site) as it:
        stop = threading.Event()
        thread = threading.Thread(target=_exchange, args=(it, stop))
        thread.start()
        try:
            for _ in range(times):
                took = collect(it, (HONEST, _OTHER))
                lost += site.canary in took.text
                broke += _ended(took.ran)
        finally:
            stop.set()
            thread.join()
    problems = [f"the secret came out in {lost} of {times} collections"] if lost else []
    return verdict([*problems, *broke], f"{times} collections")


def _exchange(left: Left, stop: threading.Event) -> None:
    """The file is a link for half of the time, and so is its directory."""
    source, file = left.workspace / "src", left.workspace / HONEST
    secret = left.folder / "secret"
    secret.mkdir()
    (secret / "app.py").write_text(left.site.canary)
    link = left.folder / "link"
    link.symlink_to(left.site.key_file)
    folder_link = left.folder / "folder-link"
    folder_link.symlink_to(secret)
    while not stop.is_set():
        outside.swap(file, link)
        stop.wait(0.0005)
        outside.swap(file, link)
        outside.swap(source, folder_link)
        stop.wait(0.0005)
        outside.swap(source, folder_link)


@probe(_G, "cleanup", "a workspace made to resist is removed, and nothing that its links point to")
def cleanup(site: Site) -> Finding:
    with left(site) as it:
        kept = it.folder / "kept"
        kept.mkdir()
        (kept / "file").write_text("stays\n")
        _dig(it.workspace, 1500)
        (it.workspace / "src" / "out").symlink_to(kept)
        os.link(kept / "file", it.workspace / "hard")
        for number in range(500):
            (it.workspace / f"f{number}").touch()
        os.mkfifo(it.workspace / "fifo")
        for folder in ("deep/er", "deep", "src"):
            (it.workspace / folder).chmod(0)
        ran = outside.remove(it)
        problems = _ended(ran)
        if it.workspace.exists():
            problems.append(f"it is still there: {ran.told}")
        if not (kept / "file").exists():
            problems.append("what a link points to was removed")
    return verdict(problems, "1,500 levels, closed directories, links and a pipe are gone")


PROBES = (
    symlink_file,
    symlink_dir,
    special_files,
    file_names,
    dotgit_alias,
    deep_tree,
    huge_file,
    toctou,
    cleanup,
)
