"""Host side, git: does a repository that a command has left make the host run a program of its choice."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.probes.outside import Left, git, planted
from tests.probes.probe import Finding, Group, probe, verdict
from tests.probes.site import Site

_G = Group.HOST


@probe(_G, "git-fsmonitor", "core.fsmonitor of the workspace's repository is not run")
def git_fsmonitor(site: Site) -> Finding:
    def plant(left: Left) -> None:
        left.configure("[core]\n\tfsmonitor = PAYLOAD\n")

    return planted(site, plant)


@probe(_G, "git-hooks", "no hook of the workspace's repository is run")
def git_hooks(site: Site) -> Finding:
    names = ("pre-commit", "post-commit", "commit-msg", "post-index-change", "reference-transaction", "post-checkout")

    def in_git(left: Left) -> None:
        for name in names:
            shutil.copy(left.payload, left.workspace / ".git" / "hooks" / name)

    def by_path(left: Left) -> None:
        hooks = left.workspace / "hooks"
        hooks.mkdir()
        for name in names:
            shutil.copy(left.payload, hooks / name)
        left.configure(f"[core]\n\thooksPath = {hooks}\n")

    return planted(site, in_git, by_path)


@probe(_G, "git-filter", "no clean, smudge or process filter is run")
def git_filter(site: Site) -> Finding:
    def clean(left: Left) -> None:
        left.edit(".gitattributes", "* filter=evil\n")
        left.configure('[filter "evil"]\n\tclean = PAYLOAD\n\tsmudge = PAYLOAD\n\trequired = true\n')

    def process(left: Left) -> None:
        left.edit(".gitattributes", "*.py filter=evil\n")
        left.configure('[filter "evil"]\n\tprocess = PAYLOAD\n')

    def info(left: Left) -> None:
        (left.workspace / ".git" / "info" / "attributes").write_text("* filter=evil\n")
        left.configure('[filter "evil"]\n\tclean = PAYLOAD\n')

    return planted(site, clean, process, info)


@probe(_G, "git-diff-drivers", "no diff command and no conversion to text is run")
def git_diff_drivers(site: Site) -> Finding:
    def command(left: Left) -> None:
        left.edit(".gitattributes", "* diff=evil\n")
        left.configure('[diff "evil"]\n\tcommand = PAYLOAD\n')

    def textconv(left: Left) -> None:
        left.edit(".gitattributes", "* diff=evil\n")
        left.configure('[diff "evil"]\n\ttextconv = PAYLOAD\n')

    def external(left: Left) -> None:
        left.configure("[diff]\n\texternal = PAYLOAD\n")

    return planted(site, command, textconv, external)


@probe(_G, "git-programs", "no pager, editor, signing program, credential helper, alias or merge driver is run")
def git_programs(site: Site) -> Finding:
    def programs(left: Left) -> None:
        left.configure(
            "[core]\n\tpager = PAYLOAD\n\teditor = PAYLOAD\n\tsshCommand = PAYLOAD\n\taskPass = PAYLOAD\n"
            "[credential]\n\thelper = PAYLOAD\n[alias]\n\tst = !PAYLOAD\n"
            '[merge "evil"]\n\tdriver = PAYLOAD\n[sequence]\n\teditor = PAYLOAD\n'
        )

    def signing(left: Left) -> None:
        left.configure("[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = PAYLOAD\n[user]\n\tsigningKey = x\n")

    return planted(site, programs, signing)


@probe(_G, "git-include", "no configuration is taken from files that the workspace's repository names")
def git_include(site: Site) -> Finding:
    evil = "[core]\n\tfsmonitor = PAYLOAD\n"

    def include(left: Left) -> None:
        left.edit("evil.config", evil.replace("PAYLOAD", str(left.payload)))
        left.configure("[include]\n\tpath = ../evil.config\n")

    def worktree(left: Left) -> None:
        left.configure("[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tworktreeConfig = true\n")
        (left.workspace / ".git" / "config.worktree").write_text(evil.replace("PAYLOAD", str(left.payload)))

    def gitdir_file(left: Left) -> None:
        left.configure(evil)
        (left.workspace / ".git").rename(left.workspace / "elsewhere")
        (left.workspace / ".git").write_text("gitdir: elsewhere\n")

    def gitdir_link(left: Left) -> None:
        left.configure(evil)
        (left.workspace / ".git").rename(left.workspace / "elsewhere")
        (left.workspace / ".git").symlink_to("elsewhere")

    return planted(site, include, worktree, gitdir_file, gitdir_link)


@probe(_G, "git-url", "no remote of the workspace's repository is contacted, also not for a missing object")
def git_url(site: Site) -> Finding:
    def promisor(left: Left) -> None:
        missing = git(left.workspace, "rev-parse", "HEAD:src/app.py").strip()
        (left.workspace / ".git" / "objects" / missing[:2] / missing[2:]).unlink()
        left.configure(
            "[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tpartialClone = origin\n"
            '[remote "origin"]\n\turl = ext::PAYLOAD\n\tpromisor = true\n\tpartialCloneFilter = blob:none\n'
            '[protocol "ext"]\n\tallow = always\n'
        )

    def instead_of(left: Left) -> None:
        left.configure('[url "ext::PAYLOAD "]\n\tinsteadOf = https://\n[protocol]\n\tallow = always\n')

    return planted(site, promisor, instead_of)


def _nested(left: Left, folder: str) -> Path:
    nested = left.workspace / folder
    nested.mkdir(parents=True)
    git(nested, "init", "-q")
    (nested / "file").write_text("one\n")
    git(nested, "add", "-A")
    git(nested, "commit", "-qm", "nested")
    return nested


@probe(_G, "git-submodule", "nothing of a repository nested in the workspace is run")
def git_submodule(site: Site) -> Finding:
    evil = '[core]\n\tfsmonitor = PAYLOAD\n[filter "evil"]\n\tclean = PAYLOAD\n'

    def as_gitlink(left: Left) -> None:
        nested = _nested(left, "sub")
        git(left.workspace, "add", "sub")
        left.edit(".gitmodules", '[submodule "sub"]\n\tpath = sub\n\turl = ./sub\n')
        (nested / "file").write_text("two\n")
        (nested / ".gitattributes").write_text("* filter=evil\n")
        left.configure(evil, "sub/.git")

    def untracked(left: Left) -> None:
        nested = _nested(left, "src/sub")
        (nested / "file").write_text("two\n")
        left.configure(evil, "src/sub/.git")

    return planted(site, as_gitlink, untracked)


@probe(_G, "git-bare-embedded", "files that look like a bare repository are files")
def git_bare_embedded(site: Site) -> Finding:
    def at_the_top(left: Left) -> None:
        for item in list((left.workspace / ".git").iterdir()):
            if item.name in {"HEAD", "config", "objects", "refs", "index"}:
                item.rename(left.workspace / item.name)
        shutil.rmtree(left.workspace / ".git")
        config = left.workspace / "config"
        config.write_text(
            f"[core]\n\trepositoryFormatVersion = 0\n\tworktree = {left.workspace}\n\tfsmonitor = {left.payload}\n"
        )

    def further_down(left: Left) -> None:
        bare = left.workspace / "src" / "bare"
        git(left.folder, "clone", "-q", "--bare", str(left.store), str(bare))
        with (bare / "config").open("a") as file:
            file.write(f"[core]\n\tfsmonitor = {left.payload}\n\tworktree = {left.workspace}\n")

    return planted(site, at_the_top, further_down)


@probe(_G, "git-alternates", "objects of another repository on the host do not come out")
def git_alternates(site: Site) -> Finding:
    def plant(left: Left) -> None:
        private = left.folder / "private"
        private.mkdir()
        git(private, "init", "-q")
        sha = git(private, "hash-object", "-w", "--stdin", given=site.canary.encode()).strip()
        (left.workspace / ".git" / "objects" / "info" / "alternates").write_text(f"{private}/.git/objects\n")
        git(left.workspace, "update-index", "--add", "--cacheinfo", f"100644,{sha},src/leak.txt")
        git(left.workspace, "update-index", "--skip-worktree", "src/leak.txt")

    return planted(site, plant)


@probe(_G, "git-index-lock", "a repository made to block or break git does not keep the edits from coming out")
def git_index_lock(site: Site) -> Finding:
    def locked(left: Left) -> None:
        (left.workspace / ".git" / "index.lock").touch()

    def garbage(left: Left) -> None:
        (left.workspace / ".git" / "index").write_bytes(b"DIRC" + bytes(4096))

    def without_rights(left: Left) -> None:
        (left.workspace / ".git" / "objects").chmod(0)

    def fifo(left: Left) -> None:
        os.mkfifo(left.workspace / ".git" / "fifo")
        (left.workspace / ".git" / "HEAD").write_text("nonsense\n")

    return planted(site, locked, garbage, without_rights, fifo)


@probe(_G, "lfs", "files for Git LFS neither run its filter nor contact its server")
def lfs(site: Site) -> Finding:
    heard = len(site.neighbours.listeners.heard)
    port = site.neighbours.listeners.tcp_port

    def plant(left: Left) -> None:
        left.edit(".gitattributes", "*.py filter=lfs diff=lfs merge=lfs -text\n")
        left.edit(".lfsconfig", f"[lfs]\n\turl = http://127.0.0.1:{port}/lfs-of-a-probe\n")
        left.edit("src/large.py", f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n")
        left.configure('[filter "lfs"]\n\tclean = PAYLOAD\n\tsmudge = PAYLOAD\n\trequired = true\n')

    finding = planted(site, plant)
    if any(b"lfs-of-a-probe" in data for data in site.neighbours.listeners.heard[heard:]):
        return verdict(["the server was contacted"], "")
    return finding


PROBES = (
    git_fsmonitor,
    git_hooks,
    git_filter,
    git_diff_drivers,
    git_programs,
    git_include,
    git_url,
    git_submodule,
    git_bare_embedded,
    git_alternates,
    git_index_lock,
    lfs,
)
