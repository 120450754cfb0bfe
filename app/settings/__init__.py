"""The environment, read once into a frozen object by the entry point; nothing else looks at it."""

from __future__ import annotations

from app.settings.github import GitHubSettings
from app.settings.model import ModelApi, ModelSettings
from app.settings.secret import Secret
from app.settings.settings import LogFormat, SandboxKind, Settings

__all__ = ["GitHubSettings", "LogFormat", "ModelApi", "ModelSettings", "SandboxKind", "Secret", "Settings"]
