"""libseccomp through ctypes: a second opinion on numbers and programs. Tests that need it are skipped without it."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from dataclasses import dataclass

import pytest

ACT_KILL_PROCESS, ACT_ALLOW = 0x80000000, 0x7FFF0000
_ATTRIBUTE_BAD_ARCH = 2
_MASKED_EQUAL = 7
_NO_SUCH_CALL = -1

Comparison = tuple[int, int, int]
"""Argument, mask, value."""


class _Comparison(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("mask", ctypes.c_uint64),
        ("value", ctypes.c_uint64),
    )


def act_errno(number: int) -> int:
    return 0x00050000 | number


@dataclass(frozen=True, slots=True)
class LibSeccomp:
    """The few functions of `seccomp.h` that are needed to export a filter for any architecture."""

    c: ctypes.CDLL

    def number(self, call: str, arch: int) -> int | None:
        number = int(self.c.seccomp_syscall_resolve_name_arch(arch, call.encode()))
        assert number != _NO_SUCH_CALL, f"libseccomp does not know {call}"
        return number if number >= 0 else None  # other negative numbers stand for calls this machine does not have

    def export(self, arch: int, default: int, rules: Iterable[tuple[str, int, tuple[Comparison, ...]]]) -> bytes:
        """The program that libseccomp makes of rules: a call, an action, and comparisons that all have to hold."""
        context = ctypes.c_void_p(self.c.seccomp_init(default))
        assert context.value is not None
        try:
            native = self.c.seccomp_arch_native()
            if arch != native:
                _check(self.c.seccomp_arch_add(context, arch))
                _check(self.c.seccomp_arch_remove(context, native))
            _check(self.c.seccomp_attr_set(context, _ATTRIBUTE_BAD_ARCH, ACT_KILL_PROCESS))
            for call, action, comparisons in rules:
                # Rules take this machine's numbers, whatever architecture the filter is for.
                number = self.c.seccomp_syscall_resolve_name_arch(native, call.encode())
                array = (_Comparison * len(comparisons))(
                    *(_Comparison(argument, _MASKED_EQUAL, mask, value) for argument, mask, value in comparisons)
                )
                _check(self.c.seccomp_rule_add_exact_array(context, action, number, len(comparisons), array))
            return self._exported(context)
        finally:
            self.c.seccomp_release(context)

    def _exported(self, context: ctypes.c_void_p) -> bytes:
        descriptor = os.memfd_create("filter")
        try:
            _check(self.c.seccomp_export_bpf(context, descriptor))
            return os.pread(descriptor, 1 << 16, 0)
        finally:
            os.close(descriptor)


def _check(status: int) -> None:
    assert status == 0, os.strerror(-status)


def library() -> LibSeccomp:
    """The library, or a skip that says what is missing."""
    try:
        c = ctypes.CDLL("libseccomp.so.2")
    except OSError as error:
        pytest.skip(f"libseccomp.so.2 cannot be loaded ({error}): install libseccomp2")
    c.seccomp_init.restype = ctypes.c_void_p
    c.seccomp_init.argtypes = [ctypes.c_uint32]
    c.seccomp_syscall_resolve_name_arch.argtypes = [ctypes.c_uint32, ctypes.c_char_p]
    c.seccomp_arch_native.restype = ctypes.c_uint32
    c.seccomp_arch_add.argtypes = c.seccomp_arch_remove.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    c.seccomp_attr_set.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32]
    c.seccomp_rule_add_exact_array.argtypes = [
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.POINTER(_Comparison),
    ]
    c.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]
    c.seccomp_release.argtypes = [ctypes.c_void_p]
    return LibSeccomp(c)
