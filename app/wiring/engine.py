"""The review engine with its rules, prompts and model: the same for GitHub and for a local range."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields
from importlib import resources

from app.adapters.llm.client import open_model
from app.adapters.rules.files import load_rules
from app.domain.prompting import PromptTemplates
from app.settings import Settings
from app.usecases.review.engine import Engine, ModelChoice


@asynccontextmanager
async def open_engine(settings: Settings) -> AsyncIterator[Engine]:
    rules = load_rules(resources.files("review_rules"))
    templates = load_templates()
    if settings.model is None:
        yield Engine(rules, templates, None)
        return
    chosen = settings.model
    async with open_model(api=chosen.api, base_url=chosen.base_url, api_key=chosen.api_key.expose()) as model:
        yield Engine(rules, templates, ModelChoice(model, chosen.main, chosen.prices))


def load_templates() -> PromptTemplates:
    folder = resources.files("app.usecases") / "prompts"
    return PromptTemplates(**{f.name: (folder / f"{f.name}.md").read_text("utf-8") for f in fields(PromptTemplates)})
