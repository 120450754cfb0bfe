"""The complete environment of every git process: nothing is inherited, nothing a repository contains is run.

Configuration travels in GIT_CONFIG_COUNT/KEY_n/VALUE_n, which outrank every configuration file and stay off argv.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_VARIABLES = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "XDG_CONFIG_HOME": "/nonexistent",
    "LC_ALL": "C.UTF-8",  # messages are read, so they must be the untranslated ones
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "/bin/false",
    "SSH_ASKPASS": "/bin/false",
    "GIT_SSH_COMMAND": "false",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "false",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",  # refs/replace could show another object under a reviewed id
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_IMPLICIT_WORK_TREE": "0",  # else --git-dir makes the current directory a work tree
}

_CONFIG = (
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.symlinks", "false"),
    ("core.protectHFS", "true"),
    ("core.protectNTFS", "true"),
    ("core.attributesFile", "/dev/null"),
    ("core.excludesFile", "/dev/null"),
    ("core.pager", "cat"),
    ("core.editor", "false"),
    ("core.askPass", "/bin/false"),
    ("core.sshCommand", "false"),
    ("core.alternateRefsCommand", "false"),
    ("credential.helper", ""),  # an empty value forgets all helpers named before it
    ("safe.bareRepository", "explicit"),
    ("protocol.allow", "never"),
    ("protocol.version", "2"),
    ("transfer.fsckObjects", "true"),
    ("fetch.fsckObjects", "true"),
    ("receive.fsckObjects", "true"),
    ("transfer.bundleURI", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("submodule.recurse", "false"),
    ("push.recurseSubmodules", "no"),
    ("diff.ignoreSubmodules", "none"),  # a moved submodule is a change like any other
    ("diff.external", ""),
    ("diff.suppressBlankEmpty", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("commit.gpgSign", "false"),
    ("tag.gpgSign", "false"),
    ("gpg.program", "false"),
    ("http.followRedirects", "false"),
    ("init.templateDir", ""),
    ("uploadpack.packObjectsHook", ""),
)


def git_environment(
    *,
    config: Iterable[tuple[str, str]] = (),
    protocols: tuple[str, ...] = (),
    variables: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The environment of one git process; `protocols` are the only transports it may use, by default none."""
    pairs = (*_CONFIG, *((f"protocol.{name}.allow", "always") for name in protocols), *config)
    environment = {
        **_VARIABLES,
        # Unlike protocol.allow, this also outranks a protocol.<name>.allow in a repository's own configuration.
        "GIT_ALLOW_PROTOCOL": ":".join(protocols) or "none",
        **(variables or {}),
        "GIT_CONFIG_COUNT": str(len(pairs)),
    }
    for number, (key, value) in enumerate(pairs):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment
