"""The environment, read once into a frozen object by the entry point; nothing else looks at it."""

from __future__ import annotations

from app.settings.github import GitHubSettings
from app.settings.log_format import LogFormat
from app.settings.model import ModelApi, ModelSettings
from app.settings.policy import PolicySettings
from app.settings.sandbox import (
    RunnerSettings,
    SandboxKind,
    SandboxSettings,
    runner_environment,
    sandbox_settings,
)
from app.settings.secret import Secret
from app.settings.settings import Settings

__all__ = [
    "GitHubSettings",
    "LogFormat",
    "ModelApi",
    "ModelSettings",
    "PolicySettings",
    "RunnerSettings",
    "SandboxKind",
    "SandboxSettings",
    "Secret",
    "Settings",
    "runner_environment",
    "sandbox_settings",
]
