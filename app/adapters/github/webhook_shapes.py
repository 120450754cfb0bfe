"""The parts that payloads of several events have in common: only the fields that we use."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[int, Field(gt=0, lt=2**63)]
HeadSha = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


class Payload(BaseModel):
    """A part of a payload; what else GitHub sends is passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class AccountShape(Payload):
    id: Id


class RepositoryShape(Payload):
    id: Id
    full_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$")]
    owner: AccountShape


class InstallationShape(Payload):
    id: Id
