"""The seccomp program answers every call as decided, on both machines, and no instruction or rule of it is idle."""

from __future__ import annotations

from collections import defaultdict

import pytest

from app.adapters.sandbox.isolation.seccomp import assemble, seccomp_program
from app.adapters.sandbox.isolation.seccomp_rules import Answer, Rule, Word, rules
from app.adapters.sandbox.isolation.syscalls import Machine
from app.domain.sandbox import Network
from tests.adapters.sandbox.isolation import bpf
from tests.adapters.sandbox.isolation.decisions import SETTINGS, Setting, setting_id


def differs(instructions: list[bpf.Instruction], answers: list[tuple[bpf.Call, int]]) -> bool:
    """Whether the program answers any call otherwise, or would not even be loaded."""
    try:
        return any(bpf.run(instructions, call) != answer for call, answer in answers)
    except bpf.Refused:
        return True


def answers_of(setting: Setting) -> list[tuple[bpf.Call, int]]:
    return [(call, setting.expected(call)) for call in setting.calls()]


def program_of(setting: Setting) -> list[bpf.Instruction]:
    return bpf.decode(seccomp_program(setting.machine, setting.network, memory_cgroup=setting.memory_cgroup))


@pytest.mark.parametrize("setting", SETTINGS, ids=setting_id)
def test_every_call_is_answered_as_decided(setting: Setting) -> None:
    program = program_of(setting)

    wrong = [
        (call, hex(answer), hex(got))
        for call, answer in answers_of(setting)
        if (got := bpf.run(program, call)) != answer
    ]

    assert wrong == []


@pytest.mark.parametrize("setting", SETTINGS, ids=setting_id)
def test_a_missing_rule_is_noticed(setting: Setting) -> None:
    answers = defaultdict[int, list[tuple[bpf.Call, int]]](list)
    for call, answer in answers_of(setting):
        answers[call.number].append((call, answer))
    whole = rules(setting.network, memory_cgroup=setting.memory_cgroup)
    here = [(rule, number) for rule in whole if (number := setting.machine.number(rule.call)) is not None]

    unnoticed = [
        rule.call
        for rule, number in here
        if not differs(bpf.decode(assemble(setting.machine, set(whole) - {rule})), answers[number])
    ]

    assert len(here) >= 60
    assert unnoticed == []


@pytest.mark.probes  # half a minute of the processor: a mutation of every instruction
@pytest.mark.parametrize("setting", SETTINGS, ids=setting_id)
def test_no_instruction_is_idle(setting: Setting) -> None:
    """Each one, with its constant changed by one bit or by four, or its branches swapped, gives itself away."""
    program = program_of(setting)
    through = defaultdict[int, list[tuple[bpf.Call, int]]](list)
    for call, answer in answers_of(setting):
        path: list[int] = []
        bpf.run(program, call, path)
        for place in path:
            through[place].append((call, answer))

    idle = [
        (place, mutant)
        for place, instruction in enumerate(program)
        for mutant in mutants(instruction)
        if not differs([*program[:place], mutant, *program[place + 1 :]], through[place])
    ]

    assert idle == []


def mutants(instruction: bpf.Instruction) -> list[bpf.Instruction]:
    code, jump_true, jump_false, k = instruction
    constants = [(code, jump_true, jump_false, k ^ 1), (code, jump_true, jump_false, (k + 4) & 0xFFFFFFFF)]
    return constants if jump_true == jump_false else [*constants, (code, jump_false, jump_true, k)]


@pytest.mark.parametrize("machine", Machine)
def test_the_ceiling_and_the_architecture_hold_without_any_rule(machine: Machine) -> None:
    program = bpf.decode(assemble(machine, []))
    arch = machine.audit_arch

    assert bpf.run(program, bpf.Call(arch, 462)) == bpf.ALLOW
    assert bpf.run(program, bpf.Call(arch, 463)) == bpf.ERRNO | Answer.ENOSYS
    assert bpf.run(program, bpf.Call(arch ^ 1, 0)) == bpf.KILL_PROCESS


def test_two_rules_for_one_call_are_refused() -> None:
    with pytest.raises(ValueError, match="more than one rule for ioctl: state all cases of a call in one"):
        assemble(Machine.X86_64, [Rule("ioctl", Answer.EPERM), Rule("bpf", Answer.EPERM), Rule("ioctl", Answer.ENOSYS)])


def test_a_rule_has_cases_of_one_kind() -> None:
    case = (Word(0, (1,)),)
    with pytest.raises(ValueError, match="the rule for ioctl has cases of both kinds"):
        Rule("ioctl", Answer.EPERM, when=(case,), only=(case,))


def test_a_jump_that_does_not_fit_is_refused() -> None:
    """Eight bits hold a jump; a longer one would wrap around and end in another rule."""
    longest = tuple(range(252))
    assert bpf.decode(assemble(Machine.X86_64, [Rule("ioctl", Answer.EPERM, when=((Word(1, longest),),))]))
    with pytest.raises(ValueError, match="a jump over 256 instructions does not fit"):
        assemble(Machine.X86_64, [Rule("ioctl", Answer.EPERM, when=((Word(1, (*longest, 252)),),))])


def test_networks_differ_in_sockets_only() -> None:
    none, loopback = (set(rules(network, memory_cgroup=True)) for network in (Network.NONE, Network.LOOPBACK))

    assert {rule.call for rule in none ^ loopback} == {"socket"}
