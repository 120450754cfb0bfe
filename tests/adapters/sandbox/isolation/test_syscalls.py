"""The numbers of system calls are those of libseccomp, for both machines, and of this machine's kernel headers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.adapters.sandbox.isolation.syscalls import NUMBERS, Machine
from tests.adapters.sandbox.isolation import libseccomp

HEADER = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")


@pytest.mark.parametrize("machine", Machine)
def test_numbers_are_those_of_libseccomp(machine: Machine) -> None:
    library = libseccomp.library()

    assert {call: machine.number(call) for call in NUMBERS} == {
        call: library.number(call, machine.audit_arch) for call in NUMBERS
    }


@pytest.mark.skipif(not HEADER.exists(), reason=f"{HEADER} is not here: linux-libc-dev for x86_64 is not installed")
def test_numbers_are_those_of_the_kernel_headers() -> None:
    header = dict(re.findall(r"^#define __NR_(\w+)\s+(\d+)$", HEADER.read_text(), re.MULTILINE))

    numbers = {call: Machine.X86_64.number(call) for call in NUMBERS}

    assert numbers == {call: int(header[call]) for call in NUMBERS}


def test_an_unknown_call_or_machine_is_an_error() -> None:
    with pytest.raises(KeyError, match="no_such_call"):
        Machine.X86_64.number("no_such_call")
    with pytest.raises(ValueError, match="'riscv64' is not a valid Machine"):
        Machine("riscv64")
