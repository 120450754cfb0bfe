"""Logging of a process: text for people or JSON lines for machines; secrets never get through."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from app.domain.static_checks import redact_secrets
from app.domain.static_checks.secret_kinds import SECRET_KINDS

_BEGINNINGS = tuple(literal for kind in SECRET_KINDS for literal in kind.starts)
_IN_EVERY_OTHER = ("=", '"', "'")
"""The kinds without a literal beginning are values after `=` or between quotes."""


def redacted(text: str) -> str:
    """`redact_secrets(text)`, at an eighth of the cost where a few plain searches show that it would find nothing."""
    for literal in _BEGINNINGS:
        if literal in text:
            return redact_secrets(text)
    for character in _IN_EVERY_OTHER:
        if character in text:
            return redact_secrets(text)
    return text


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


class _Json(_Redacting):
    def format(self, record: logging.LogRecord) -> str:
        event = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redacted(record.getMessage()),
        }
        if record.exc_info:
            event["traceback"] = redacted(self.formatException(record.exc_info))
        return json.dumps(event, ensure_ascii=False)


def configure(log_format: str) -> None:
    """`log_format` is `text` or `json`. Called once by each process, before anything is logged."""
    handler = logging.StreamHandler(sys.stderr)
    text = _Redacting("%(asctime)s %(levelname)-7s %(name)s  %(message)s", "%H:%M:%S")
    handler.setFormatter(_Json() if log_format == "json" else text)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("httpx", "httpx2", "openai", "arq.worker", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
