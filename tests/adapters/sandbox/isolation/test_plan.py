"""A plan that would be unsafe or could not be told to bubblewrap does not come into being, and says why."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.sandbox.isolation.plan import Proc, SandboxPlan, Scratch, Toolchain, proc_secrets


def plan(**changes: Any) -> SandboxPlan:
    return SandboxPlan(**{"argv": ("true",), "workspace": PurePosixPath("/srv/workspaces/a1"), **changes})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"argv": ()}, "the plan names no command"),
        ({"argv": ("", "x")}, "the plan names no command"),
        ({"argv": ("x",) * 4097}, "the command has 4097 arguments: at most 4096 can be passed on"),
        ({"argv": ("sh", "a\0b")}, "the argument 'a.x00b' contains a NUL byte"),
        ({"argv": ("\ud800",)}, "cannot be written as bytes"),
        ({"workspace": PurePosixPath()}, "the plan has no workspace: name the directory"),
        ({"workspace": PurePosixPath("work/a")}, "the workspace 'work/a' is not absolute"),
        ({"workspace": PurePosixPath("//proc/self/root")}, "is not absolute: give a path that begins with one '/'"),
        ({"workspace": PurePosixPath("/srv/a/../../etc")}, "goes through '..'"),
        ({"workspace": PurePosixPath("/srv/a\0b")}, "contains a NUL byte"),
        ({"workspace": PurePosixPath("/")}, "is a directory of the system"),
        ({"workspace": PurePosixPath("/home")}, "the workspace '/home' is a directory of the system"),
        ({"workspace": PurePosixPath("/usr/src")}, "overlaps with '/usr'"),
        ({"workspace": PurePosixPath("/proc/self/cwd")}, "overlaps with '/proc'"),
        (
            {"workspace": PurePosixPath("/etc/ssl"), "toolchain": Toolchain(PurePosixPath("/srv/r"))},
            "overlaps with '/etc'",
        ),
        ({"workspace": PurePosixPath("/srv/r"), "toolchain": Toolchain(PurePosixPath("/srv/r"))}, "with '/srv/r/usr'"),
        ({"workspace": PurePosixPath("/srv/r/etc/x"), "toolchain": Toolchain(PurePosixPath("/srv/r"))}, "'/srv/r/etc'"),
        ({"masked": ("/etc/passwd",)}, "'/etc/passwd' cannot be masked"),
        ({"masked": ("/proc",)}, "'/proc' cannot be masked"),
        ({"masked": ("/proc/../etc",)}, "goes through '..'"),
        ({"masked": ("/proc/keys",), "proc": Proc.ABSENT}, "only where there is one"),
        ({"environment": {"A=B": "1"}}, "'A=B' is no name for an environment variable"),
        ({"environment": {"": "1"}}, "'' is no name for an environment variable"),
        ({"environment": {"A\n": "1"}}, "is no name for an environment variable"),
        ({"environment": {"A": "1\0--bind"}}, "the environment variable A '1.x00--bind' contains a NUL byte"),
    ],
)
def test_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        plan(**changes)


@pytest.mark.parametrize(
    "name",
    """LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT PYTHONPATH PYTHONSTARTUP PYTHONHOME GIT_DIR GIT_CONFIG_COUNT GIT_SSH_COMMAND
    BASH_ENV ENV BASH_FUNC_ls PERL5OPT PERL5LIB RUBYOPT NODE_OPTIONS NODE_PATH JAVA_TOOL_OPTIONS IFS GLIBC_TUNABLES
    GCONV_PATH SSH_AUTH_SOCK npm_config_script_shell ld_preload""".split(),  # noqa: SIM905 - a table to read
)
def test_variables_that_make_programs_run_something_else_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"the environment variable {name} changes what programs load or run"):
        plan(environment={name: "x"})


@pytest.mark.parametrize("name", ["PATH", "HOME", "TMPDIR", "USER", "LOGNAME", "SHELL", "PWD"])
def test_variables_of_the_sandbox_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"the environment variable {name} is set by the sandbox itself"):
        plan(environment={name: "x"})


def test_ordinary_variables_are_kept_and_cannot_change_afterwards() -> None:
    given_ = {"CI": "1", "NODE_ENV": "test", "GOFLAGS": "-mod=vendor"}
    made = plan(environment=given_)
    given_["LD_PRELOAD"] = "/tmp/x.so"

    assert made.environment == {"CI": "1", "NODE_ENV": "test", "GOFLAGS": "-mod=vendor"}


def test_an_environment_stays_out_of_the_plan_s_text() -> None:
    assert "hunter2" not in repr(plan(environment={"REGISTRY_TOKEN": "hunter2"}))


@given(st.text())
def test_a_workspace_is_refused_or_is_a_place_of_its_own(text: str) -> None:
    try:
        workspace = plan(workspace=PurePosixPath("/srv/" + text)).workspace
    except ValueError:
        return
    assert workspace.parts[:2] == ("/", "srv")
    assert len(workspace.parts) > 2
    assert not {"..", "\0"} & set(workspace.parts)
    assert "\0" not in str(workspace)


@pytest.mark.parametrize(
    ("root", "path", "reason"),
    [
        ("roots/node", "/usr/bin", "the tool-chain root 'roots/node' is not absolute"),
        ("/srv/../etc", "/usr/bin", "the tool-chain root '/srv/../etc' goes through '..'"),
        ("/srv/r", "/usr/bin:", "the folder on the tool chain's PATH '.' is not absolute"),
        ("/srv/r", "bin:/usr/bin", "the folder on the tool chain's PATH 'bin' is not absolute"),
    ],
)
def test_a_tool_chain_has_full_paths(root: str, path: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Toolchain(PurePosixPath(root), path)


@pytest.mark.parametrize("sizes", [{"tmp_bytes": 0}, {"shm_bytes": -1}])
def test_memory_file_systems_have_a_size(sizes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="a size below 1 would mean a file system without a limit"):
        Scratch(**sizes)


def test_only_what_is_in_proc_is_masked() -> None:
    assert proc_secrets(["1", "keys", "cpuinfo", "kallsyms"]) == ("/proc/keys", "/proc/kallsyms")
    assert plan(masked=proc_secrets(["keys"])).masked == ("/proc/keys",)
