"""What leaves a sandbox as JSON, and back: what `revwright sandbox collect` prints and `revwright sandbox apply` reads.

    {"base": "<commit>",
     "edits": [{"path": "a.py", "content": "...", "encoding": "utf-8", "executable": false}, ...],
     "extras": ["build/a.o", ...],
     "refused": [{"path": "../x", "reason": "..."}, ...]}

`encoding` is `utf-8` or `base64`. An edit whose `content` is null deletes the file.
"""

from __future__ import annotations

import base64
from typing import Any

from app.domain.patches import Collected, Edit, Patch, Refusal
from app.domain.pull_request import Sha


def collected_json(collected: Collected) -> dict[str, object]:
    """As an object for `json.dumps`. Undecodable bytes of a path stay surrogates, which JSON escapes."""
    return {
        "base": collected.patch.base,
        "edits": [_edit_json(edit) for edit in collected.patch.edits],
        "extras": list(collected.extras),
        "refused": [{"path": one.path, "reason": one.reason} for one in collected.refused],
    }


def parse_collected(data: object) -> Collected:
    """The reverse, of what `json.loads` read; ValueError says what is malformed. Paths are not judged here."""
    base, edits, extras, refused = _fields(data, base=str, edits=list, extras=list, refused=list)
    return Collected(
        Patch(Sha(base), tuple(_edit(edit) for edit in edits)),
        tuple(_text(path) for path in extras),
        tuple(Refusal(*_fields(one, path=str, reason=str)) for one in refused),
    )


def _edit_json(edit: Edit) -> dict[str, object]:
    content, encoding = (None, "utf-8") if edit.content is None else _told(edit.content)
    return {"path": edit.path, "content": content, "encoding": encoding, "executable": edit.executable}


def _told(content: bytes) -> tuple[str, str]:
    try:
        return content.decode(), "utf-8"
    except UnicodeDecodeError:
        return base64.b64encode(content).decode("ascii"), "base64"


def _edit(data: object) -> Edit:
    path, content, encoding, runs = _fields(data, path=str, content=(str, type(None)), encoding=str, executable=bool)
    if encoding not in {"utf-8", "base64"}:
        raise ValueError(f"the encoding of an edit is utf-8 or base64, not {encoding[:80]!r}")
    if content is None:
        return Edit(path, None, executable=runs)
    try:
        raw = content.encode() if encoding == "utf-8" else base64.b64decode(content, validate=True)
    except ValueError as error:
        raise ValueError(f"the content of {path[:200]!r} is not {encoding}") from error
    return Edit(path, raw, executable=runs)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"a path is text, not {type(value).__name__}")
    return value


def _fields(data: object, **kinds: type | tuple[type, ...]) -> tuple[Any, ...]:
    if not isinstance(data, dict) or data.keys() != kinds.keys():
        raise ValueError(f"an object with exactly the fields {', '.join(kinds)} must stand here")
    for name, kind in kinds.items():
        if not isinstance(data[name], kind):
            raise ValueError(f"the field {name} has a value of another type: {type(data[name]).__name__}")
    return tuple(data[name] for name in kinds)
