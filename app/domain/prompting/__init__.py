"""Turns a snapshot, rules and claims into prompt text: what is sent, in which order, and between which marks.

A call is made of three parts, in this order, so that providers find a prefix they know: the system message, the same
for all calls of a run; the data of a group, the same for all calls about it; the task.
"""

from app.domain.prompting.claims import judge_task, prove_task
from app.domain.prompting.review import across_task, data_message, review_task, security_task
from app.domain.prompting.system import system_message
from app.domain.prompting.templates import PromptTemplates
from app.domain.shown import shown_path

__all__ = [
    "PromptTemplates",
    "across_task",
    "data_message",
    "judge_task",
    "prove_task",
    "review_task",
    "security_task",
    "shown_path",
    "system_message",
]
