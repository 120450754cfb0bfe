"""An interpreter for classic BPF as seccomp has it, which is how these tests know what a program does.

Written from `linux/bpf_common.h` and `Documentation/userspace-api/seccomp_filter.rst`. It refuses what the kernel's
checker refuses: unknown operations, jumps out of the program, loads that are not aligned words of seccomp_data.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

KILL_PROCESS, ALLOW, ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
MOST_INSTRUCTIONS = 4096
DATA = struct.Struct("<IIQ6Q")

Instruction = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Call:
    """One system call as seccomp sees it."""

    arch: int
    number: int
    arguments: tuple[int, ...] = ()

    def data(self) -> bytes:
        return DATA.pack(self.number, self.arch, 0x7F00_1234_5678, *self.arguments, *[0] * (6 - len(self.arguments)))


def decode(program: bytes) -> list[Instruction]:
    assert len(program) % 8 == 0
    instructions = list(struct.iter_unpack("<HBBI", program))
    assert 0 < len(instructions) <= MOST_INSTRUCTIONS
    return [(code, jt, jf, k) for code, jt, jf, k in instructions]


class Refused(Exception):
    """The kernel would not load this program."""


def run(instructions: list[Instruction], call: Call, path: list[int] | None = None) -> int:
    """The value the program returns for a call; the places it passes are added to `path`."""
    data = call.data()
    accumulator = place = 0
    while place < len(instructions):
        if path is not None:
            path.append(place)
        code, jump_true, jump_false, k = instructions[place]
        place += 1
        match code:
            case 0x20:  # ld [k]
                if k % 4 or k + 4 > len(data):
                    raise Refused(f"load at {k}")
                (accumulator,) = struct.unpack_from("<I", data, k)
            case 0x54:  # and #k
                accumulator &= k
            case 0x05:  # ja
                place += k
            case 0x15:  # jeq
                place += jump_true if accumulator == k else jump_false
            case 0x25:  # jgt
                place += jump_true if accumulator > k else jump_false
            case 0x35:  # jge
                place += jump_true if accumulator >= k else jump_false
            case 0x45:  # jset
                place += jump_true if accumulator & k else jump_false
            case 0x06:  # ret #k
                return k
            case _:
                raise Refused(f"operation {code:#x}")
    raise Refused("the program ends without a return")
