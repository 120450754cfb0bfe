"""What the operator allows to be spent on models."""

from __future__ import annotations

from app.domain.money import Caps
from app.settings.environment import Environment
from app.settings.model import ModelSettings
from app.settings.values import number

_PULL_REQUEST = "REVWRIGHT_USD_PER_PULL_REQUEST"
_REPOSITORY = "REVWRIGHT_USD_PER_REPOSITORY_DAY"
_INSTALLATION = "REVWRIGHT_USD_PER_INSTALLATION_DAY"


def read_caps(env: Environment, model: ModelSettings | None) -> Caps:
    """The deployment's own caps. A warning names the models that no cap can hold back."""
    amount = number(0, 100_000)
    names = (_PULL_REQUEST, _REPOSITORY, _INSTALLATION)
    given = {name: env.read(name, amount) for name in names}
    set_ = [name for name, usd in given.items() if usd is not None]
    unpriced = [] if model is None else [name for name in model.names if name not in model.prices]
    if set_ and unpriced:
        env.warnings.append(
            f"{set_[0]}: no cap holds back {', '.join(unpriced)}: write the price of each into REVWRIGHT_MODEL_PRICES"
        )
    return Caps(*given.values())
