"""New tests beside others are not told of; every other line that is new in a test file is, for people to look at."""

from __future__ import annotations

import pytest

from app.domain.fix.test_changes import FileChange, changed_expectations

PYTHON = """import unittest


class Totals(unittest.TestCase):
    def test_two(self):
        self.assertEqual(total([1, 2]), 3)

    def test_others(self):
        self.assertEqual(total([2, 5]), 7)
"""
JAVASCRIPT = """describe('shelf', () => {
  it('adds', () => {
    expect(add(1)).toBe(2);
  });
  it('takes', () => {
    expect(take(1)).toBe(0);
  });
});
"""
RUST = """#[cfg(test)]
mod tests {
    #[test]
    fn adds() {
        assert_eq!(add(1), 2);
    }

    #[test]
    fn takes() {
        assert_eq!(take(1), 0);
    }
}
"""
NEW_PYTHON = """    @patch("x")
    def test_none(
        self,
    ):
        # Nothing is nothing.
        self.assertEqual(total([]), 0)

"""
NEW_JAVASCRIPT = """  it('is empty', () => {
    const shelf = [];
    expect(count(shelf)).toBe(0);
  });
"""
NEW_RUST = """    #[test]
    #[tag]
    fn is_empty() {
        assert_eq!(count(), 0);
    }

"""


def told(path: str, before: str, after: str) -> tuple[str, ...]:
    return changed_expectations([FileChange(path, before, after)])


@pytest.mark.parametrize(
    ("path", "before", "old", "new"),
    [
        ("test_a.py", PYTHON, "    def test_two", f"{NEW_PYTHON}    def test_two"),
        ("test_a.py", PYTHON, "    def test_others", f"{NEW_PYTHON}    def test_others"),
        ("test_a.py", PYTHON, ", 7)\n", f", 7)\n\n{NEW_PYTHON}"),
        (
            "test_a.py",
            PYTHON,
            ", 7)\n",
            ", 7)\n\n\nclass TestMore:\n    a = 1\n\n    def test_a(self):\n        assert a\n",
        ),
        ("test_a.py", PYTHON, "import unittest\n", "import unittest\nimport json  # for more\n\n# Why.\n"),
        (
            "test_a.py",
            PYTHON.replace("    def test_others", "        self.assertEqual(1, one())\n\n    def test_others"),
            "    def test_others",
            "    def test_x(self):\n        x = 1\n        self.assertEqual(1, one())\n\n    def test_others",
        ),
        ("a.test.js", JAVASCRIPT, "  it('adds'", f"{NEW_JAVASCRIPT}  it('adds'"),
        ("a.test.js", JAVASCRIPT, "  it('takes'", f"{NEW_JAVASCRIPT}  it('takes'"),
        ("a.test.js", JAVASCRIPT, "(0);\n  });\n", f"(0);\n  }});\n{NEW_JAVASCRIPT}"),
        ("src/lib.rs", RUST, "    #[test]\n    fn adds", f"{NEW_RUST}    #[test]\n    fn adds"),
        ("src/lib.rs", RUST, "    #[test]\n    fn takes", f"{NEW_RUST}    #[test]\n    fn takes"),
        (
            "test_a.py",
            PYTHON,
            ", 7)\n",
            ", 7)\n\n    def test_x(self):\n        pass\n\n\nclass TestX:\n    def test_x(self):\n        pass\n",
        ),
        ("tests/a.txt", "a\n", "a\n", "a\nb\n"),
    ],
)
def test_a_new_test_is_not_told(path: str, before: str, old: str, new: str) -> None:
    assert told(path, before, before.replace(old, new, 1)) == ()


def test_a_new_test_is_known_where_a_diff_shows_it_too_early() -> None:
    before = PYTHON.replace("    def test_others", "        self.end()\n\n    def test_others")
    new = "    def test_x(self):\n        x = 1\n        self.end()\n\n    def test_others"
    after = before.replace("    def test_others", new).replace("unittest\n", "unittest\nimport x\n", 1)

    assert told("test_a.py", before, after) == ()


@pytest.mark.parametrize(
    ("path", "before", "old", "new", "line"),
    [
        (
            "test_a.py",
            PYTHON,
            "        self.assertEqual(total([1",
            "        total = three\n        self.assertEqual(total([1",
            "6: total = three",
        ),
        ("test_a.py", PYTHON, ", 3)\n", ", 3)\n        yield\n", "7: yield"),
        (
            "test_a.py",
            PYTHON,
            "    def test_two",
            "    def setUp(self):\n        stop()\n\n    def test_two",
            "5: def setUp(self):",
        ),
        ("test_a.py", PYTHON, "class", "def total(prices):\n    return 3\n\n\nclass", "4: def total(prices):"),
        (
            "test_a.py",
            PYTHON,
            "        self",
            "        def test_x(self):\n            stop()\n        pass\n        self",
            "6: def test_x(self):",
        ),
        (
            "test_a.py",
            PYTHON,
            "        self",
            "        with self.subTest():\n            stop()\n        self",
            "6: with self.subTest():",
        ),
        ("test_a.py", PYTHON, "        self", "    def test_x(self):\n        self", "6: def test_x(self):"),
        (
            "test_a.py",
            PYTHON,
            "    def test_two",
            "    @fixture\n    def rows():\n        return 1\n\n    def test_two",
            "5: @fixture",
        ),
        ("test_a.py", PYTHON, ", 3)\n", ", 3)\n    def test_x(self):\n        pass\nstop()\n", "7: def test_x(self):"),
        ("a.test.js", JAVASCRIPT, "    expect(add", "  });\n  it('b', () => {\n    expect(add", "3: });"),
        (
            "a.test.js",
            JAVASCRIPT,
            "  it('adds'",
            "  beforeEach(() => {\n    stop();\n  });\n  it('adds'",
            "2: beforeEach(() => {",
        ),
        ("a.test.js", JAVASCRIPT, "  it('takes'", f"{NEW_JAVASCRIPT}}});\n  it('takes'", "5: it('is empty', () => {"),
        ("tests/a.txt", "a\nb\n", "a\n", "a\nc\n", "2: c"),
    ],
)
def test_another_new_line_is_told(path: str, before: str, old: str, new: str, line: str) -> None:
    after = before.replace(old, new, 1)

    assert after != before
    assert told(path, before, after) == (f"{path}:{line} (new among the lines that were there)",)


def test_a_condition_around_a_line_is_told_for_the_line() -> None:
    after = PYTHON.replace("        self", "        if late():\n            self", 1)

    assert told("test_a.py", PYTHON, after) == ("test_a.py:6: self.assertEqual(total([1, 2]), 3)",)


def test_what_is_too_long_to_be_compared_is_told_as_a_whole() -> None:
    before = "".join(f"a{number}\n" for number in range(1_500))
    after = before.replace("a0\n", "b\n").replace("a1499\n", "c\n")

    assert told("tests/a.py", before, after)[-1] == "and 1,480 more lines"
