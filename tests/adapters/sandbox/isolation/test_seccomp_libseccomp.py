"""libseccomp's program for the same rules answers every call as ours does; both go through the same interpreter.

libseccomp has no ceiling for numbers, and cannot say "none of these values". So calls above the ceiling are left out,
and a rule with `only` becomes a filter of its own: refuse by default, allow these cases.
"""

from __future__ import annotations

import itertools

import pytest

from app.adapters.sandbox.isolation.seccomp import seccomp_program
from app.adapters.sandbox.isolation.seccomp_rules import Case, Rule, rules
from tests.adapters.sandbox.isolation import bpf, libseccomp
from tests.adapters.sandbox.isolation.decisions import ARCH, SETTINGS, Setting, setting_id

Wanted = tuple[str, int, tuple[libseccomp.Comparison, ...]]


def wanted(call: str, action: int, cases: tuple[Case, ...]) -> list[Wanted]:
    return [
        (call, action, tuple((word.argument, word.mask, value) for word, value in zip(case, values, strict=True)))
        for case in cases
        for values in itertools.product(*(word.values for word in case))
    ]


def refusing(rule: Rule) -> list[Wanted]:
    action = libseccomp.act_errno(rule.answer)
    return wanted(rule.call, action, rule.when) if rule.when else [(rule.call, action, ())]


@pytest.mark.parametrize("setting", SETTINGS, ids=setting_id)
def test_libseccomp_agrees(setting: Setting) -> None:
    library = libseccomp.library()
    arch = ARCH[setting.machine]
    here = [
        rule
        for rule in rules(setting.network, memory_cgroup=setting.memory_cgroup)
        if setting.machine.number(rule.call) is not None
    ]
    base = bpf.decode(
        library.export(arch, libseccomp.ACT_ALLOW, [wish for rule in here if not rule.only for wish in refusing(rule)])
    )
    narrow = {
        setting.machine.number(rule.call): bpf.decode(
            library.export(arch, libseccomp.act_errno(rule.answer), wanted(rule.call, libseccomp.ACT_ALLOW, rule.only))
        )
        for rule in here
        if rule.only
    }
    ours = bpf.decode(seccomp_program(setting.machine, setting.network, memory_cgroup=setting.memory_cgroup))
    calls = [call for call in setting.calls() if call.number <= 462]

    disagreements = [call for call in calls if bpf.run(ours, call) != bpf.run(narrow.get(call.number, base), call)]

    assert len(narrow) == 4
    assert disagreements == []
