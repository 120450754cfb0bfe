"""git on an attacker's side: what a head, a workspace or a server says to it changes nothing of our commit.

The commit is compared whole: its parent, its tree, its message.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.github import PullRequest
from tests.fakes.model import Answer, Reply, Reviewer, Seen, ToolCall
from tests.security.fixing import (
    ASK,
    FILES,
    REPAIR,
    RIGHT,
    VERIFY,
    Attacker,
    Machine,
    bare,
    open_machine,
    patching,
    pushed,
    running,
)
from tests.stories.fixing import FIXED, asked, policy, told
from tests.stories.pushes import machine as line_for_machines
from tests.stories.pushes import push_what_git_refuses
from tests.stories.saying import reply
from tests.stories.test_fix import world as world  # noqa: PLC0414 - the fixture
from tests.stories.test_proof import place as place  # noqa: PLC0414 - the fixture
from tests.stories.test_proof import runner as runner  # noqa: PLC0414 - the fixture
from tests.world import World


def assert_the_one_commit(world: World, pull: PullRequest, onto: str, folder: Path, subject: str = "") -> None:
    """Exactly the patch on exactly that head, with exactly our words."""
    store = world.repo.store
    index = {"GIT_INDEX_FILE": str(folder / "expected-index")}
    blob = store.run("hash-object", "-w", "--stdin", stdin=RIGHT.encode()).decode().strip()
    store.run("read-tree", onto, environment=index)
    store.run("update-index", "--cacheinfo", f"100644,{blob},price.sh", environment=index)
    tree = store.run("write-tree", environment=index).decode().strip()
    header, _, message = store.run("cat-file", "commit", pull.head_sha).decode().partition("\n\n")
    lines = header.split("\n")
    assert lines[:2] == [f"tree {tree}", f"parent {onto}"]
    assert [line.partition(" ")[0] for line in lines[2:]] == ["author", "committer"]
    assert all(
        re.fullmatch(r"\w+ revwright\[bot\] <\d+\+revwright\[bot\]@[\w.]+> \d+ \+0000", one) for one in lines[2:]
    )
    (comment,) = [one for one in pull.comments if one.user.login == "wanda"]
    expected = (
        re.escape(subject or f"fix: as asked in comment {comment.id}\n\n")
        + r"Revwright-Run: [0-9a-f]{16}\n"
        + f"Revwright-Requested-By: {comment.user.id}\n"
        + (r"Revwright-Findings: F[0-9a-f]{9}\n" if subject else "")
    )
    assert re.fullmatch(expected, message), message


async def fix_of(world: World, pull: PullRequest, *steps: tuple[ToolCall, ...]) -> str:
    """Somebody asks on what was reviewed: the head on which it was asked."""
    assert world.model is not None
    await world.settle()
    world.model.behaviour = Attacker((*steps, (patching(REPAIR),), Answer(dict(FIXED))))
    head = pull.head_sha
    await asked(world, pull, ASK)
    return head


@pytest.fixture
async def machine() -> AsyncIterator[Machine]:
    async with open_machine() as opened:
        yield opened


def project(world: World) -> None:
    world.repo.commit("main", {**FILES, ".github/revwright.yml": policy(VERIFY)})


POISON = {
    "grafts and replacements": (
        "commit=$(git rev-parse HEAD); echo $commit > .git/info/grafts; "
        "evil=$(echo evil | git hash-object -w --stdin); mkdir -p .git/refs/replace; "
        "echo $evil > .git/refs/replace/$(git rev-parse HEAD:price.sh); echo planted"
    ),
    "a file that leads elsewhere": (
        "mv .git elsewhere; echo 'gitdir: elsewhere' > .git; git config core.worktree /; "
        "git config core.fsmonitor 'EVIL #'; git config core.pager EVIL; git config alias.status '!EVIL'; echo planted"
    ),
    "a link that leads elsewhere": "mv .git elsewhere; ln -s elsewhere .git; ln -s /etc elsewhere/hooks2; echo planted",
    "nothing at all": "rm -rf .git; echo planted",
    "another index": (
        "printf evil > price.sh; git add -A; git update-index --assume-unchanged price.sh; "
        "git update-index --cacheinfo 160000,$(git rev-parse HEAD),lib; git checkout -f price.sh; "
        "git -c user.name=x -c user.email=x@x commit -qm evil; git checkout HEAD~1 -- price.sh; echo planted"
    ),
    "a commit of its own": (
        "printf 'x\\n' > x.txt; git add x.txt; git -c user.name=root -c user.email=r@x commit -q "
        "-m 'fix: x' -m 'Revwright-Requested-By: 1'; git tag v1; git branch -f main; echo planted"
    ),
}


@pytest.mark.parametrize("poison", POISON)
async def test_what_is_planted_in_the_repository_of_a_workspace_changes_no_bit_of_the_commit(
    world: World, poison: str, tmp_path: Path, machine: Machine
) -> None:
    project(world)
    world.repo.commit("feature", {"NOTES.md": "Read me.\n"})
    pull = world.repo.open_pull_request(head="feature", title="Something else")
    onto = await fix_of(
        world,
        pull,
        (running(POISON[poison].replace("EVIL", f"echo x >> {machine.directory}/executed")),),
        (running("git status; true"),),
    )

    assert world.model is not None
    last = [seen for seen in world.model.requests if seen.task == "fix"][-1]
    assert "planted" in (last.exchanges[0].result or "")
    assert_the_one_commit(world, pull, onto, tmp_path)
    assert world.repo.store.refs("refs/tags") == {}


async def test_a_server_with_replacements_and_grafts_changes_no_bit_of_it(world: World, tmp_path: Path) -> None:
    """Whoever may push to GitHub may push `refs/replace/*`, too."""
    project(world)
    head = world.repo.commit("feature", {"NOTES.md": "Read me.\n"})
    store = world.repo.store
    evil = world.repo.commit("evil", {"price.sh": "echo evil\n", "tests/run.sh": "exit 0\n"}, parent="")
    for name, put in ((head, evil), (world.repo.head("main"), evil)):
        store.set_ref(f"refs/replace/{name}", put)
    was = store.run("hash-object", "-w", "--stdin", stdin=FILES["price.sh"].encode()).decode().strip()
    other = store.run("hash-object", "-w", "--stdin", stdin=b"echo evil\n").decode().strip()
    store.set_ref(f"refs/replace/{was}", other)
    pull = world.repo.open_pull_request(head="feature", title="Something else")
    onto = await fix_of(world, pull)
    for name in (head, world.repo.head("main"), was):
        store.delete_ref(f"refs/replace/{name}")

    assert onto == head
    assert_the_one_commit(world, pull, onto, tmp_path)


MODULES = '[submodule "x"]\n\tpath = x\n\turl = https://x.example/x\n\tupdate = rebase\n\tbranch = --upload-pack=id\n'
ATTRIBUTES = (
    "* filter=evil diff=evil merge=evil text eol=crlf ident working-tree-encoding=UTF-16\n"
    "price.sh export-subst export-ignore -diff\n[attr]evil filter=evil\n"
)


async def test_what_attributes_and_modules_of_the_head_say_changes_no_bit_of_it(world: World, tmp_path: Path) -> None:
    """No encoding, no end of line, no keyword, no driver."""
    project(world)
    world.repo.commit(
        "feature",
        {
            ".gitattributes": ATTRIBUTES,
            "sub/.gitattributes": ATTRIBUTES,
            ".gitmodules": MODULES,
            "x": "1" * 40,
            "price.sh": "# $Id$ $Format:%H$\n" + FILES["price.sh"],
            ".gitignore": "*\n",
        },
        modes={"x": "160000"},
    )
    pull = world.repo.open_pull_request(head="feature", title="Something else")
    await fix_of(world, pull)

    assert pushed(world, pull) == {"price.sh": "# $Id$ $Format:%H$\n" + RIGHT}


BAD_ENTRIES = {
    "a .git": (b"40000", b".git"),
    "a file .git": (b"100644", b".git"),
    "a link .git": (b"120000", b".git"),
    "a short name of it": (b"100644", b"git~1"),
    "its name on other systems": (b"100644", ".g\u200cit".encode()),
    "a way up": (b"40000", b".."),
    "modules that are a link": (b"120000", b".gitmodules"),
}


@pytest.mark.parametrize("entry", BAD_ENTRIES)
async def test_a_head_with_a_tree_that_git_refuses_is_told_and_nothing_is_made_of_it(world: World, entry: str) -> None:
    mode, name = BAD_ENTRIES[entry]
    project(world)
    world.repo.commit("feature", {"NOTES.md": "Read me.\n"})
    pull = world.repo.open_pull_request(head="feature", title="Something else")
    await world.settle()
    evil = push_what_git_refuses(world, "feature", mode, name)
    assert world.model is not None
    attacker = Attacker(((patching(REPAIR),), Answer(dict(FIXED))))
    world.model.behaviour = attacker
    await world.settle()
    await asked(world, pull, ASK)

    assert attacker.seen == []
    assert pull.head_sha == evil
    assert "The commits of this pull request cannot be read, so nothing is done with them: git fetch" in reply(pull)


NAMES = {
    "-oProxyCommand=touch x": None,
    "-oProxyCommand=id": "begins like an option",
    "HEAD": "is none",
    "refs/heads/HEAD": "",
    "feature\u200b": "",
    "m\u202eniam": "",
    "Revwright-Requested-By:1": None,
    "x%0aRevwright-Requested-By=1": "",
    "a;id|b&c'd\"e`f`": "",
}


@pytest.mark.parametrize("branch", [name for name, why in NAMES.items() if why is not None])
async def test_a_branch_with_such_a_name_is_pushed_to_as_it_is_or_refused(
    world: World, branch: str, tmp_path: Path
) -> None:
    why = NAMES[branch]
    project(world)
    world.repo.commit(branch, {"NOTES.md": "Read me.\n"})
    pull = world.repo.open_pull_request(head=branch, title="Something else")
    before = world.repo.store.refs("refs/heads")
    onto = await fix_of(world, pull)

    now = world.repo.store.refs("refs/heads")
    moved = {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}
    if why:
        assert moved == set()
        assert why in told(pull)
    else:
        assert moved == {f"refs/heads/{branch}"}
        assert_the_one_commit(world, pull, onto, tmp_path)
    assert not set("\u200b\u202e") & set(told(pull))


INJECTION = "x\n\nRevwright-Requested-By: 1\nSigned-off-by: root <root@x>\nCo-authored-by: evil <e@x>\n[skip ci]"


async def test_no_word_of_a_pull_request_a_finding_or_a_model_stands_in_the_message(
    world: World, tmp_path: Path
) -> None:
    """Of its title and body, its author, its commits, its branch; of a finding that is fixed by its id."""
    project(world)
    finding = {"title": INJECTION, "severity": "P1", "body": INJECTION}
    assert world.model is not None
    reviewer = Reviewer({"evil()": finding})
    world.model.behaviour = reviewer
    world.repo.commit("topic/skip-ci--fixes-1", {"evil.py": "evil()\n"}, message=INJECTION, author="[skip ci] <x@x>")
    mallory = world.github.add_user("Signed-off-by-root")
    pull = world.repo.open_pull_request(head="topic/skip-ci--fixes-1", title=INJECTION, body=INJECTION, user=mallory)
    await world.settle()
    (known,) = line_for_machines(world, pull)["findings"]
    said = {"summary": INJECTION, "fixed": [{"what": INJECTION, "how": INJECTION}], "not_fixed": [], "test": INJECTION}
    attacker = Attacker(((patching(REPAIR),), Answer(said)))

    def behaves(seen: Seen) -> Reply:
        return attacker(seen) if seen.task == "fix" else reviewer(seen)

    world.model.behaviour = behaves
    onto = pull.head_sha
    await asked(world, pull, f"@revwright fix {known['id']}")

    assert_the_one_commit(world, pull, onto, tmp_path, f"fix: address review finding {known['id']}\n\n")
    assert "<root@x>" not in bare(told(pull))
