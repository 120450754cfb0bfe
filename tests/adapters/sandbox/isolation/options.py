"""Reads what is given to bubblewrap the way bubblewrap 0.8 does: known options only, each with its own arguments."""

from __future__ import annotations

from itertools import islice

ARITY = {
    **dict.fromkeys(
        ("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        0,
    ),
    **dict.fromkeys(("--disable-userns", "--new-session", "--die-with-parent", "--clearenv"), 0),
    **dict.fromkeys(("--uid", "--gid", "--hostname", "--cap-drop", "--chdir", "--remount-ro", "--perms", "--size"), 1),
    **dict.fromkeys(
        ("--proc", "--dev", "--tmpfs", "--dir", "--seccomp", "--json-status-fd", "--block-fd", "--sync-fd"), 1
    ),
    **dict.fromkeys(("--ro-bind", "--ro-bind-try", "--bind", "--ro-bind-data", "--symlink", "--setenv"), 2),
}
TAKES_PERMS = {"--tmpfs", "--dir", "--ro-bind-data", "--size"}

Option = tuple[str, ...]


def parse(data: bytes) -> list[Option]:
    """The options in the bytes; AssertionError where bubblewrap would end with an error."""
    assert data.endswith(b"\0")
    words = iter(data[:-1].decode("utf-8", "surrogateescape").split("\0"))
    options = []
    for name in words:
        assert name in ARITY, f"bubblewrap 0.8 does not know {name!r}"
        arguments = tuple(islice(words, ARITY[name]))
        assert len(arguments) == ARITY[name], f"{name} lacks arguments"
        options.append((name, *arguments))
    for option, following in zip(options, [*options[1:], ("",)], strict=True):
        assert option[0] != "--perms" or following[0] in TAKES_PERMS
        assert option[0] != "--size" or following[0] == "--tmpfs"
    return options
