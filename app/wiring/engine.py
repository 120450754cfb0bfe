"""The review engine with its rules, prompts, parser and models: the same for GitHub and for a local range."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime
from importlib import resources

from app.adapters.llm.client import open_model
from app.adapters.parsing.parser import open_parser
from app.adapters.rules.files import load_rules, read_rules
from app.adapters.rules.patterns import Re2Pattern
from app.domain.asking import AskTexts
from app.domain.fix.answer import FixTexts
from app.domain.prompting import PromptTemplates
from app.domain.rules import LoadedRules, Rule
from app.ports import RulesReader
from app.settings import ModelSettings, Settings
from app.usecases.agent import AgentLimits, AgentTexts
from app.usecases.failover import Breaker, Failover, chains_of
from app.usecases.review.crew import ModelChoice
from app.usecases.review.engine import Engine


@asynccontextmanager
async def open_engine(settings: Settings, rules: tuple[Rule, ...] | None = None) -> AsyncIterator[Engine]:
    """With the models of the settings, if there are any. `rules`: None reads those that we ship."""
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_engine_without_model(rules))
        choice = None if settings.model is None else await _choice(stack, settings.model)
        yield replace(engine, choice=choice)


@asynccontextmanager
async def open_engine_without_model(rules: tuple[Rule, ...] | None = None) -> AsyncIterator[Engine]:
    """It needs no settings and no network. `rules`: None reads those that we ship."""
    async with open_parser() as parser:
        yield Engine(
            rules=load_shipped_rules() if rules is None else rules,
            templates=load_templates(),
            texts=load_agent_texts(),
            parser=parser,
            structural=parser,
            compile_pattern=Re2Pattern.parse,
            now=_now,
            choice=None,
        )


async def _choice(stack: AsyncExitStack, chosen: ModelSettings) -> ModelChoice:
    model = await stack.enter_async_context(
        open_model(api=chosen.api, base_url=chosen.base_url, api_key=chosen.api_key.expose())
    )
    chains = chains_of(chosen.names, chosen.fallbacks)
    return ModelChoice(
        model=Failover(model, chains, Breaker()),
        fast=chosen.fast,
        main=chosen.main,
        deep=chosen.deep,
        prices=chosen.prices,
        chains=chains,
        limits=AgentLimits(output_tokens=chosen.output_tokens, context_tokens=chosen.context_tokens),
    )


def load_shipped_rules() -> tuple[Rule, ...]:
    """All of the packs that we ship, read and checked anew."""
    return load_rules(resources.files("review_rules"))


def rules_reader(shipped: Iterable[Rule]) -> RulesReader:
    """Reads a repository's own rules; the ids of those that we ship are taken."""
    ids = frozenset(rule.id for rule in shipped)

    def read(files: Mapping[str, bytes], taken: Collection[str]) -> LoadedRules:
        return read_rules(files, taken=ids.union(taken))

    return read


def load_templates() -> PromptTemplates:
    """The prompts of reviewing, by the names of their files."""
    return PromptTemplates(**{one.name: _text(one.name) for one in fields(PromptTemplates)})


def load_agent_texts() -> AgentTexts:
    """The prompts of the agent loop."""
    return AgentTexts(**{one.name: _text(f"agent_{one.name}") for one in fields(AgentTexts)})


def load_ask_texts() -> AskTexts:
    """The prompts of questions."""
    return AskTexts(**{one.name: _text(f"ask_{one.name}") for one in fields(AskTexts)})


def load_fix_texts() -> FixTexts:
    """The prompts of fixes."""
    return FixTexts(**{one.name: _text(f"fix_{one.name}") for one in fields(FixTexts)})


def _text(name: str) -> str:
    return (resources.files("app.usecases") / "prompts" / f"{name}.md").read_text("utf-8")


def _now() -> datetime:
    return datetime.now(UTC)
