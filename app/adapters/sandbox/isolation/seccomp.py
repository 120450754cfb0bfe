"""Assembles the sandbox's rules into a classic BPF program, in the form that `bwrap --seccomp FD` reads.

Layout and return values are those of `linux/seccomp.h`, instructions those of `linux/bpf_common.h`. The order: the
architecture, so that numbers mean what we think; the ceiling; refused calls; calls whose arguments decide; the rest
is allowed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from app.adapters.sandbox.isolation.seccomp_rules import Answer, Case, Rule, Word, rules
from app.adapters.sandbox.isolation.syscalls import NEWEST, Machine
from app.domain.sandbox import Network

_LOAD_WORD, _AND, _RETURN = 0x20, 0x54, 0x06
_JUMP_EQUAL, _JUMP_GREATER = 0x15, 0x25

_KILL_PROCESS, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000

_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16  # offsets in seccomp_data
_WHOLE_WORD = 0xFFFFFFFF
_FARTHEST_JUMP = 255

Instruction = tuple[int, int, int, int]
"""Operation, jump if true, jump if false, constant: `struct sock_filter`. Jumps count from the next instruction."""


def seccomp_program(machine: Machine, network: Network, *, memory_cgroup: bool) -> bytes:
    """The program for a machine; `memory_cgroup` tells that a cgroup bounds the sandbox's memory as a whole."""
    return assemble(machine, rules(network, memory_cgroup=memory_cgroup))


def assemble(machine: Machine, refusals: Iterable[Rule]) -> bytes:
    """The program of these rules; ValueError for two rules about one call, or for more than fit."""
    refusals = tuple(refusals)
    _check_one_rule_a_call(refusals)
    instructions = [
        *_load(_ARCH),
        *_on_equal(machine.audit_arch, otherwise=[(_RETURN, 0, 0, _KILL_PROCESS)]),
        *_load(_NUMBER),
        # Calls newer than the rules, and those of the x32 ABI, whose numbers have bit 30 set.
        (_JUMP_GREATER, 0, 1, NEWEST),
        _refuse(Answer.ENOSYS),
    ]
    always = [rule for rule in refusals if not rule.when and not rule.only]
    for answer in Answer:
        calls = [
            number for rule in always if rule.answer is answer if (number := machine.number(rule.call)) is not None
        ]
        instructions += _any_of(calls, [_refuse(answer)])
    for rule in refusals:
        number = machine.number(rule.call)
        if number is not None and (rule.when or rule.only):
            instructions += _any_of([number], _by_arguments(rule))
    instructions.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in instructions)


def _check_one_rule_a_call(refusals: tuple[Rule, ...]) -> None:
    # The first to match would answer, and the second would look as if it did something.
    calls = [rule.call for rule in refusals]
    twice = sorted({call for call in calls if calls.count(call) > 1})
    if twice:
        raise ValueError(f"more than one rule for {', '.join(twice)}: state all cases of a call in one")


def _load(offset: int) -> list[Instruction]:
    return [(_LOAD_WORD, 0, 0, offset)]


def _refuse(answer: Answer) -> Instruction:
    return (_RETURN, 0, 0, _ERRNO | answer)


def _on_equal(value: int, *, otherwise: list[Instruction]) -> list[Instruction]:
    return [(_JUMP_EQUAL, _near(len(otherwise)), 0, value), *otherwise]


def _any_of(values: Iterable[int], body: list[Instruction]) -> list[Instruction]:
    """Runs `body`, which must return, if the accumulator is one of the values; else passes it by."""
    numbers = sorted(values)
    if not numbers:
        return []
    last = len(numbers) - 1
    first = [(_JUMP_EQUAL, _near(last - position), 0, number) for position, number in enumerate(numbers[:-1])]
    return [*first, (_JUMP_EQUAL, 0, _near(len(body)), numbers[-1]), *body]


def _by_arguments(rule: Rule) -> list[Instruction]:
    refused, allowed = _refuse(rule.answer), (_RETURN, 0, 0, _ALLOW)
    of_a_case, else_ = (refused, allowed) if rule.when else (allowed, refused)
    cases = [instruction for case in (rule.when or rule.only) for instruction in _case(case, of_a_case)]
    return [*cases, else_]


def _case(case: Case, verdict: Instruction) -> list[Instruction]:
    """Built from its end, so that a word that does not hold knows how far to jump past the rest."""
    instructions = [verdict]
    for word in reversed(case):
        instructions = [*_load_argument(word), *_any_of(word.values, instructions)]
    return instructions


def _load_argument(word: Word) -> list[Instruction]:
    load = _load(_ARGUMENTS + 8 * word.argument)  # little-endian: the low half comes first
    return load if word.mask == _WHOLE_WORD else [*load, (_AND, 0, 0, word.mask)]


def _near(distance: int) -> int:
    if distance > _FARTHEST_JUMP:
        raise ValueError(f"a jump over {distance} instructions does not fit into eight bits: split the rule")
    return distance
