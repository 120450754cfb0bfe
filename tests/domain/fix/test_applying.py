"""Patches on files: at the one place that is meant, with line ends as they were, or not at all."""

from __future__ import annotations

import contextlib
import difflib
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.fix.applying import Applied, DoesNotApply, applied, apply_to
from app.domain.fix.file_edits import FileEdit
from app.domain.fix.patch_text import parse_patch

SHOP = """\
import os

class Cart:
    def total(self):
        return 0

    def clear(self):
        self.items = []
        return None

class Shop:
    def total(self):
        return 0

    def close(self):
        self.open = False
"""


def edit(*lines: str, header: str = "*** Update File: a") -> FileEdit:
    (one,) = parse_patch("\n".join(("*** Begin Patch", header, *lines, "*** End Patch")))
    return one


def after(content: str, *lines: str) -> str | None:
    return apply_to(content, edit(*lines))


def swapped(old: str, new: str) -> str:
    assert SHOP.count(old) == 1
    return SHOP.replace(old, new)


APPLIES = {
    "one place": ((" import os", "+import re"), swapped("import os\n", "import os\nimport re\n")),
    "another line in between": (
        ("-        self.items = []", "+        self.items.clear()"),
        swapped("self.items = []", "self.items.clear()"),
    ),
    "at the beginning": (("+# shop", " import os"), "# shop\n" + SHOP),
    "two hunks in any order": (
        ("-        self.open = False", "+        self.open = None", "@@", "-import os", "+import re"),
        swapped("import os", "import re").replace("False", "None"),
    ),
    "an anchor of a class": (
        ("@@ class Shop:", "     def total(self):", "-        return 0", "+        return 1"),
        SHOP[: SHOP.rindex("return 0")] + SHOP[SHOP.rindex("return 0") :].replace("return 0", "return 1"),
    ),
    "anchors one in another": (
        ("@@ class Cart", "@@ def total(self):", "-        return 0", "+        return 1"),
        SHOP.replace("return 0", "return 1", 1),
    ),
    "an anchor that is repeated": (
        ("@@ class Cart:", " class Cart:", "+    items = ()"),
        swapped("class Cart:\n", "class Cart:\n    items = ()\n"),
    ),
    "an anchor that heads nothing": (
        ("@@ import os", " class Cart:", "+    items = ()"),
        swapped("class Cart:\n", "class Cart:\n    items = ()\n"),
    ),
    "the number of a line": (
        ("@@ -13 +13 @@", "-        return 0", "+        return 1"),
        SHOP[: SHOP.rindex("return 0")] + SHOP[SHOP.rindex("return 0") :].replace("return 0", "return 1"),
    ),
    "a wrong number where only one place fits": (("@@ -99 +99 @@", "-import os"), SHOP[10:]),
    "the end of the file": (
        ("@@", "+", "+shop = Shop()", "*** End of File"),
        SHOP + "\nshop = Shop()\n",
    ),
    "the last lines": (
        ("@@", "         self.open = False", "+        return True", "*** End of File"),
        SHOP + "        return True\n",
    ),
    "white space at the end of a line": (("-import os   ", "+import re"), swapped("import os", "import re")),
    "no indentation": (
        (" def clear(self):", "-self.items = []", "+        self.items = {}"),
        swapped("self.items = []", "self.items = {}"),
    ),
}


@pytest.mark.parametrize(("lines", "expected"), APPLIES.values(), ids=APPLIES)
def test_what_applies(lines: tuple[str, ...], expected: str) -> None:
    assert after(SHOP, *lines) == expected


def test_what_was_done_is_told() -> None:
    one = edit(" import os", "+import re", "@@", " def clear(self):", "-self.items = []")

    assert applied(SHOP, one) == Applied(
        swapped("import os\n", "import os\nimport re\n").replace("        self.items = []\n", ""),
        added=1,
        removed=1,
        notes=(
            (
                "the lines at 7 to 8 were found only without regard to white space at the beginnings and ends of "
                "lines: look at the result"
            ),
        ),
    )


REFUSED = {
    "two places": (
        ("         return 0", "+        # nothing"),
        "the lines of the hunk at line 3 of the patch stand at 2 places: lines 5, 13. Add lines above or below",
    ),
    "two places by white space": (
        (" return 0", "+# nothing"),
        "at 2 places, without regard to white space at the beginnings and ends of lines: lines 5, 13.",
    ),
    "a number at which it does not stand": (("@@ -4 +4 @@", "-        return 0"), "at 2 places: lines 5, 13"),
    "another line": (
        ("     def clear(self):", "-        self.items = {}", "         return None"),
        (
            "the lines of the hunk at line 3 of the patch are not in the file. Its line 2 is "
            "'        self.items = {}', but line 8 of the file is '        self.items = []'. The nearest lines are:\n"
            "     7|     def clear(self):\n     8|         self.items = []\n     9|         return None"
        ),
    ),
    "a line that is only alike": (
        ("@@", "", "-        self.itemz = []"),
        (
            "Its line 1 is '', but line 7 of the file is '    def clear(self):'. The nearest lines are:\n"
            "     7|     def clear(self):\n     8|         self.items = []"
        ),
    ),
    "above the first line": (
        (" #!/usr/bin/python", "-import os"),
        "Its line 1 is '#!/usr/bin/python', where the file has no line. The nearest lines are:\n     1| import os",
    ),
    "beyond the last line": (
        ("         self.open = False", "-        pass"),
        "Its line 2 is '        pass', whe",
    ),
    "nothing alike": (("-SELECT * FROM users",), "nor anything like them: read it again"),
    "only blank lines": (("-", "-", "-", "-", "+x"), "nor anything like them"),
    "an anchor that is nowhere": (
        ("@@ class Till", " import os", "+import re"),
        "stands below `@@ class Till`, and there is no such line: give a whole line of the file",
    ),
    "an anchor that cuts a word": (("@@ class Car", " import os", "+import re"), "there is no such line: give"),
    "an anchor that is above the other": (
        ("@@ class Shop", "@@ def clear", "+x", " y"),
        "stands below `@@ def clear`, and there is no such line there: give",
    ),
    "above its anchor": (
        ("@@ class Shop", "-        self.items = []"),
        "are not in the file from line 11 on, below `@@ class Shop`. They stand elsewhere than it says. The nearest",
    ),
    "outside of the block of its anchor": (
        ("@@ class Cart", "-        self.open = False"),
        "stand at line 16, which is not in the block below `@@ class Cart`: name the block that it is in",
    ),
    "not at the end": (("@@", " import os", "*** End of File"), "are not in the file as its last lines. They stand"),
    "only additions": (("+x",), "the hunk at line 3 of the patch only adds lines and does not show where: give the"),
    "twice the same lines": (
        ("-import os", "+import re", "@@", " import os", "-"),
        "the hunks at lines 3 and 5 of the patch both have line 1 of the file: make one of them",
    ),
}


@pytest.mark.parametrize(("lines", "words"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_apply(lines: tuple[str, ...], words: str) -> None:
    with pytest.raises(DoesNotApply) as caught:
        after(SHOP, *lines)

    assert words in str(caught.value)


def test_many_places_are_not_all_named() -> None:
    with pytest.raises(DoesNotApply, match=r"at 12 places: lines 1, 2, 3, 4, 5, 6, 7, 8 and 4 more\."):
        after("x\n" * 12, "-x", "+y")


def test_a_block_may_begin_with_a_brace_on_a_line_of_its_own() -> None:
    braces = "int f()\n{\n    return 0;\n}\n\nint g()\n{\n    return 0;\n}\n"

    assert after(braces, "@@ int g()", "-    return 0;", "+    return 1;") == braces[:-5] + "1;\n}\n"
    with pytest.raises(DoesNotApply, match="line 3, which is not in the block below"):
        after(braces, "@@ {", "-    return 0;", "+    return 1;")


def test_blank_lines_do_not_end_a_block() -> None:
    assert after("a:\n  x\n\n  y\nb:\n  x\n\n  y\n", "@@ b:", " ", "-  y", "+  z") == "a:\n  x\n\n  y\nb:\n  x\n\n  z\n"


ENDS = {
    "windows": ("a\r\nb\r\nc\r\n", (" a", "-b", "+B", "+2", " c"), "a\r\nB\r\n2\r\nc\r\n"),
    "mixed": ("a\r\nb\nc\r\n", (" b", "+2", "@@", " c", "+3"), "a\r\nb\n2\nc\r\n3\r\n"),
    "no end": ("a\nb", ("-b", "+B"), "a\nB"),
    "no end, and one more line": ("a\r\nb", (" b", "+c"), "a\r\nb\r\nc"),
    "no end, only one line": ("a", (" a", "+b"), "a\nb"),
    "no end, last line gone": ("a\nb", (" a", "-b"), "a"),
    "no end is made": ("a\nb\n", ("-b", "+B", "\\ No newline at end of file"), "a\nB"),
    "an end is made": ("a\nb", ("-b", "\\ No newline at end of file", "+b"), "a\nb\n"),
    "all gone": ("a\nb", ("-a", "-b"), ""),
    "empty": ("", ("+a", "+b"), "a\nb\n"),
    "empty, and no end": ("", ("+a", "\\ No newline at end of file"), "a"),
    "byte order mark": ("\ufeffa\nb\n", ("-a", "+A"), "\ufeffA\nb\n"),
    "a carriage return in a line": ("a\rb\nc\n", (" a\rb", "-c"), "a\rb\n"),
    "other breaks are no ends": ("a\x0cb\u2028c\nd\n", (" a\x0cb\u2028c", "-d", "+e"), "a\x0cb\u2028c\ne\n"),
}


@pytest.mark.parametrize(("content", "lines", "expected"), ENDS.values(), ids=ENDS)
def test_line_ends_stay(content: str, lines: tuple[str, ...], expected: str) -> None:
    assert after(content, *lines) == expected


def test_whole_files() -> None:
    add = edit("+1", "+2", header="*** Add File: n")
    delete = edit(header="*** Delete File: d")
    (said,) = parse_patch("--- a/d\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-1\n-2\n")

    assert applied(None, add) == Applied("1\n2\n", added=2)
    assert applied("1\n2", delete) == applied("1\r\n2\r\n", said) == Applied(None, removed=2)
    with pytest.raises(DoesNotApply, match="it is there already"):
        apply_to("", add)
    with pytest.raises(DoesNotApply, match="it is not there"):
        apply_to(None, delete)
    with pytest.raises(DoesNotApply, match="it holds other lines than the patch says"):
        apply_to("1\n3\n", said)
    with pytest.raises(DoesNotApply, match="there is no such file"):
        apply_to(None, edit("-1"))


def test_a_move_alone_changes_no_line() -> None:
    assert applied("a\r\nb", edit("*** Move to: b")) == Applied("a\r\nb")


def test_lines_that_are_all_alike_end_in_words_and_soon() -> None:
    began = time.monotonic()

    with pytest.raises(DoesNotApply, match="too many of its lines are alike"):
        after("x\n" * 50_000, *[" x"] * 2_000, "-x")
    with pytest.raises(DoesNotApply, match="too many of its lines are alike"):
        after("a:\n" + "  x\n" * 50_000, "@@ a:", "-  x")

    assert time.monotonic() - began < 30


_LINES = st.lists(st.sampled_from(["a", "b", "  c", "", "d"]), max_size=12)


@given(_LINES, _LINES, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_a_unified_diff_makes_of_one_file_the_other(old: list[str], new: list[str], end: str, ended: bool) -> None:
    """With all of the file in one hunk there is but one place for it."""
    assume(old != new and old and new and (ended or (len(old) > 1 and old[-1] and new[-1])))
    diff = "\n".join(difflib.unified_diff(old, new, "a/x", "b/x", n=99, lineterm="")) + "\n"
    last = end if ended else ""

    (one,) = parse_patch(diff)

    assert apply_to(end.join(old) + last, one) == end.join(new) + last


@given(_LINES, st.data())
def test_a_hunk_is_applied_where_it_says_or_not_at_all(old: list[str], data: st.DataObject) -> None:
    assume(old)
    at = data.draw(st.integers(0, len(old) - 1))
    width = data.draw(st.integers(1, len(old) - at))
    lines = [*(f" {line}" for line in old[at : at + width - 1]), f"-{old[at + width - 1]}", "+new"]
    expected = [*old[: at + width - 1], "new", *old[at + width :]]

    with contextlib.suppress(DoesNotApply):
        assert after("".join(f"{line}\n" for line in old), *lines) == "".join(f"{line}\n" for line in expected)
