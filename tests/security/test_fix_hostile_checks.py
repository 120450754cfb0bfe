"""Checks that lie: by what the head brings along, where nobody can know, and by what the patch adds, which is refused.

The runner is a real pytest, which reads all that a project may say to it. It comes along as one archive.
"""

from __future__ import annotations

import functools
import importlib.util
import io
import re
import zipfile
from pathlib import Path

import pytest

from tests.fakes.github import PullRequest
from tests.fakes.model import Answer, ToolCall
from tests.security.fixing import REPAIR, RIGHT, RUN, Attacker, added, attacked, bare, patch, patching, pushed, running
from tests.stories.fixing import FIXED, asked, policy, told
from tests.stories.test_fix import world as world  # noqa: PLC0414 - the fixture
from tests.stories.test_proof import place as place  # noqa: PLC0414 - the fixture
from tests.stories.test_proof import runner as runner  # noqa: PLC0414 - the fixture
from tests.world import World

CHECK = "PYTHONPATH=tools.zip python3 -m pytest -q -p no:cacheprovider"
PRICE = "def price(cents):\n    return cents // 100\n"
TESTS = """\
from price import price


def test_a_euro():
    assert price(100) == 1


def test_two_euros():
    assert price(200) == 2
"""
WORSE = patching(patch("*** Update File: price.py", "@@", "-    return cents // 100", "+    return cents < 150"))
"""With it one of the tests fails."""
BETTER = patching(
    patch("*** Update File: price.py", "@@", "-    return cents // 100", "+    return (cents + 50) // 100")
)
ASK = "@revwright fix half a euro is lost"


@functools.cache
def pytest_archive() -> bytes:
    """What `python -m pytest` needs, to be imported from a path."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments"):
            spec = importlib.util.find_spec(name)
            assert spec is not None
            assert spec.origin is not None
            folder = Path(spec.origin).parent
            for file in sorted(folder.rglob("*.py")):
                archive.writestr(zipfile.ZipInfo(f"{name}/{file.relative_to(folder)}"), file.read_bytes())
    return packed.getvalue()


async def fixed(
    world: World, *steps: tuple[ToolCall, ...] | Answer, head: dict[str, str] | None = None, **more: str
) -> tuple[PullRequest, Attacker]:
    """Somebody asked for a fix of the head, and the model made these steps."""
    assert world.model is not None
    attacker = Attacker((*steps, Answer(dict(FIXED))))
    world.model.behaviour = attacker
    base: dict[str, str | bytes | None] = {"price.py": PRICE, "test_price.py": TESTS, "tools.zip": pytest_archive()}
    world.repo.commit("main", {**base, ".github/revwright.yml": policy(CHECK, **more)})
    world.repo.commit("feature", dict(head or {"NOTES.md": "Read me.\n"}))
    pull = world.repo.open_pull_request(head="feature", title="Something else")
    await world.settle()
    await asked(world, pull, ASK)
    return pull, attacker


def said_first(attacker: Attacker) -> list[str]:
    """What the tools said in the longest try."""
    return [one.result or "" for one in max((seen.exchanges for seen in attacker.seen), key=len)]


GREEN = "12 passed in 0.01s"
_CASES = "".join(f'<testcase name="t{n}"/>' for n in range(12))
LIES = {
    "says it without a run": f"""\
import os


def pytest_configure(config):
    print("{GREEN}", flush=True)
    os._exit(0)
""",
    "ends before the report": f"""\
import os

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    print("\\n{GREEN}", flush=True)
    os._exit(0)
""",
    "writes another report": f"""\
import os


def pytest_unconfigure(config):
    with open(".revwright-junit.xml", "w") as report:
        report.write('<testsuite name="all" tests="12">{_CASES}</testsuite>')
    os._exit(0)
""",
    "turns failures into passes": """\
import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    report.outcome, report.longrepr = "passed", None
""",
    "leaves out what fails": """\
def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if "two" not in item.name]
""",
}


@pytest.mark.parametrize("lie", LIES)
async def test_what_the_head_makes_of_its_checks_is_told_as_its_own_word_and_as_no_more(world: World, lie: str) -> None:
    """It lies before and after alike: nothing speaks against the patch, which breaks a test. Nobody can know."""
    pull, _ = await fixed(world, (WORSE,), head={"conftest.py": LIES[lie]})

    body = told(pull)
    assert pushed(world, pull).keys() == {"price.py"}
    assert "as reported by the code of this pull request:" in body
    ran = 1 if lie == "leaves out what fails" else 2 if lie == "turns failures into passes" else 12
    assert body.count(f"{ran} ran, 0 failed, 0 skipped, exit 0") == 2
    assert not re.search(
        r"(?i)\b(?:verified|proven|proved|guarantee|safe|correct)", bare(body).partition("Checks from")[2]
    )


MARKS = f"""\
import os

PLACES = ["/tmp/m", "/var/tmp/m", "/dev/shm/m", "/run/m", os.path.expanduser("~/m"), "m", ".git/m", ".venv/m"]
SEEN = [place for place in PLACES if os.path.exists(place)]
for place in PLACES:
    try:
        open(place, "w").close()
    except OSError:
        pass


def pytest_configure(config):
    if SEEN:
        print("{GREEN}", flush=True)
        os._exit(0)
"""


async def test_no_mark_of_a_first_run_is_there_in_the_second(world: World) -> None:
    """Not what the checks left, nor the model's commands: not in the memory of /tmp, not at home, not in the workspace
    and its repository, not in what `setup` made for all.
    """
    plant = running("touch /tmp/m /var/tmp/m /dev/shm/m ~/m m .git/m .venv/m; echo planted")
    made = "['mkdir .venv && touch .venv/made']"
    pull, attacker = await fixed(world, (plant,), (WORSE,), head={"conftest.py": MARKS}, setup=made)

    assert "planted" in said_first(attacker)[0]
    assert pushed(world, pull) == {}
    assert "With the patch, the project's checks are worse than without it:" in told(pull)
    assert GREEN not in attacker.seen[-1].text


HOOK = "def pytest_runtest_makereport(item, call):\n    return None\n"
EXIT = "import os\n\nos._exit(0)\n"
STEERING = {
    "conftest.py": (HOOK, "decides how tests are run"),
    "sub/conftest.py": (HOOK, "decides how tests are run"),
    "pytest.ini": ("[pytest]\naddopts = -k euro\n", "decides how tests are run"),
    "tox.ini": ("[pytest]\naddopts = -k euro\n", "decides how tests are run"),
    "setup.cfg": ("[tool:pytest]\naddopts = -k euro\n", "decides how tests are run"),
    "pyproject.toml": ("[tool.pytest.ini_options]\naddopts = '-k euro'\n", "decides how tests are run"),
    "package.json": ('{"scripts": {"test": "true"}}\n', "decides how tests are run"),
    "Makefile": ("test:\n\ttrue\n", "decides how tests are run"),
    "noxfile.py": (EXIT, "decides how tests are run"),
    "tests/__init__.py": (EXIT, "1 new mark by which tests are skipped"),
    "test_more.py": (f"{HOOK}\n\ndef test_more():\n    assert 1\n", "2 new marks by which tests are skipped"),
    "pytest.py": (EXIT, "is run by the command"),
    "_pytest/__init__.py": (EXIT, "would be imported in place of"),
    "argparse.py": (EXIT, "would be imported in place of"),
    "src/logging/__init__.py": (EXIT, "would be imported in place of"),
    "evil.egg-info/entry_points.txt": ("[pytest11]\nevil = evil\n", "decides how tests are run"),
    "node_modules/jest/index.js": ("process.exit(0)\n", "decides how tests are run"),
    "lib/minitest/evil_plugin.rb": ("exit! 0\n", "would be loaded by the test runner"),
}
AT_ONCE = ("sitecustomize.py", "usercustomize.py", "evil.pth", "sub/evil.pth")


async def test_a_patch_that_brings_such_a_thing_along_is_refused_with_the_reason_of_each(world: World) -> None:
    """Some by the tool already, the others before anything of it is run."""
    calls = [patching(patch(added(path, *text.splitlines()))) for path, (text, _) in STEERING.items()]
    early = tuple(patching(patch(added(path, "import os"))) for path in AT_ONCE)
    pull, attacker = await fixed(
        world, (BETTER,), early, *(tuple(calls[at : at + 8]) for at in range(0, len(calls), 8))
    )

    said = said_first(attacker)
    assert len(said) == 1 + len(AT_ONCE) + len(STEERING)
    assert all(one.startswith("refused:") for one in said[1 : 1 + len(AT_ONCE)])
    assert pushed(world, pull) == {}
    body = told(pull)
    assert "The patch is not one that may become a commit:" in body
    for path, (_, why) in STEERING.items():
        assert any(line.startswith(f"- `{path}` ") and why in line for line in body.splitlines()), (path, body)


async def test_a_patch_that_does_none_of_it_is_pushed(world: World) -> None:
    pull, _ = await fixed(world, (BETTER,), (patching(patch(added("src/prices/types.py", "CENTS = 100"))),))

    assert pushed(world, pull).keys() == {"price.py", "src/prices/types.py"}
    assert told(pull).count("2 ran, 0 failed, 0 skipped, exit 0") == 2


REPORTS = {
    "a FIFO": "mkfifo .revwright-junit.xml",
    "a link": "ln -s /etc/passwd .revwright-junit.xml",
    "a directory": "mkdir .revwright-junit.xml",
    "shut": "echo '<testsuite/>' > .revwright-junit.xml; chmod 000 .revwright-junit.xml",
    "far too large": "truncate -s 300M .revwright-junit.xml",
    "entities": (
        'printf \'<!DOCTYPE a [<!ENTITY b "%0999d"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
        '<testsuite name="&c;&c;"><testcase name="&c;"/></testsuite>\' 1 > .revwright-junit.xml'
    ),
    "no end": "(echo '<testsuite>'; yes '<testcase name=\"t\">' | head -n 200000) > .revwright-junit.xml",
}


@pytest.mark.parametrize("report", REPORTS)
async def test_a_report_that_is_no_report_counts_nothing_and_holds_nothing_up(world: World, report: str) -> None:
    pull, _ = await attacked(world, (patching(REPAIR),), head={"tests/run.sh": f"{RUN}{REPORTS[report]}\n"})

    assert pushed(world, pull) == {"price.sh": RIGHT}
    assert told(pull).count("2 ran, 0 failed, 0 skipped, exit 0") == 2
