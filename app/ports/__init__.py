"""What use cases need from the outside world, in the words of the domain."""

from app.ports.calls import Clock, ParseEvent, PolicyParser, RulesReader
from app.ports.code import Code, Parser, PatternCompiler, Structural
from app.ports.commands import Comment, Comments, FirstParagraph, OwnName, Proposals, Reaction
from app.ports.gate import Collaborator, Histories, History, People, RequiredChecks, Reviews
from app.ports.github import (
    Checks,
    Conversation,
    Labels,
    OrganisationPolicies,
    Permissions,
    Place,
    PullRequests,
    Reviewers,
    Reviewing,
    ReviewRequests,
    Threads,
)
from app.ports.jobs import Bells, Intake, Ledger, Notes, Orders
from app.ports.memory import Answers, Begun, Heads, Outbox, Pace, PastReviews, Purse, Receipts, ReceiptSigner, Runs
from app.ports.merge_queue import GroupMirrors, GroupRepository
from app.ports.missed import HookDeliveries, KnownRepositories, Marks, OpenPullRequests
from app.ports.past import PastChanges, PastPullRequests
from app.ports.review import Mirrors, Model, Repository
from app.ports.sandbox import Output, Sandbox, Sandboxes, Tree

__all__ = [
    "Answers",
    "Begun",
    "Bells",
    "Checks",
    "Clock",
    "Code",
    "Collaborator",
    "Comment",
    "Comments",
    "Conversation",
    "FirstParagraph",
    "GroupMirrors",
    "GroupRepository",
    "Heads",
    "Histories",
    "History",
    "HookDeliveries",
    "Intake",
    "KnownRepositories",
    "Labels",
    "Ledger",
    "Marks",
    "Mirrors",
    "Model",
    "Notes",
    "OpenPullRequests",
    "Orders",
    "OrganisationPolicies",
    "Outbox",
    "Output",
    "OwnName",
    "Pace",
    "ParseEvent",
    "Parser",
    "PastChanges",
    "PastPullRequests",
    "PastReviews",
    "PatternCompiler",
    "People",
    "Permissions",
    "Place",
    "PolicyParser",
    "Proposals",
    "PullRequests",
    "Purse",
    "Reaction",
    "ReceiptSigner",
    "Receipts",
    "Repository",
    "RequiredChecks",
    "ReviewRequests",
    "Reviewers",
    "Reviewing",
    "Reviews",
    "RulesReader",
    "Runs",
    "Sandbox",
    "Sandboxes",
    "Structural",
    "Threads",
    "Tree",
]
