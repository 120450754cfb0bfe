"""A stateful stand-in for GitHub over real git repositories."""

from tests.fakes.github.deliveries import Delivery
from tests.fakes.github.openapi import ContractViolation, OpenAPI
from tests.fakes.github.pull_requests import PullRequest
from tests.fakes.github.records import (
    Call,
    CheckRun,
    GitCall,
    Installation,
    IssueComment,
    Review,
    ReviewComment,
    Token,
    User,
)
from tests.fakes.github.repository import Repository
from tests.fakes.github.state import FakeGitHub

__all__ = [
    "Call",
    "CheckRun",
    "ContractViolation",
    "Delivery",
    "FakeGitHub",
    "GitCall",
    "Installation",
    "IssueComment",
    "OpenAPI",
    "PullRequest",
    "Repository",
    "Review",
    "ReviewComment",
    "Token",
    "User",
]
