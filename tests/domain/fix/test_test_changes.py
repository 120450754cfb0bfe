"""A patch that makes tests easier to pass is refused, whatever the language; one that adds tests is not."""

from __future__ import annotations

import pytest

from app.domain.fix.test_changes import MAX_TOLD, FileChange, changed_expectations, is_test_path, weakened
from app.domain.patches import Refusal

TESTS = [
    *("tests/a.py", "test/a.js", "src/__tests__/a.ts", "spec/a.rb", "Tests/A.cs", "src/Shelf.Tests/A.cs", "e2e/a.ts"),
    *("test_a.py", "a/test_a.py", "a_test.py", "tests.py", "a/conftest.py", "a_test.go", "a.test.js", "a.spec.tsx"),
    *("a-spec.js", "a_spec.rb", "ShelfTest.java", "ShelfTests.kt", "TestShelf.java", "ShelfIT.java", "ShelfSpec.scala"),
    *("ShelfTest.php", "t/a.t", "a.bats", "testdata/a.txt", "a/__snapshots__/a.snap", "a.test.js.snap", "a.feature"),
]
NO_TESTS = [
    *(
        "a.py",
        "latest.py",
        "contest/a.py",
        "attest.js",
        "testimony.py",
        "src/a.rs",
        "SPLIT.md",
        "Latest.tsx",
        "protest.go",
    ),
    *("testing/a.py", "fixtures/a.json", "a.text", "inspect.py", "tester.rb", "protest.go"),
]


@pytest.mark.parametrize("path", TESTS)
def test_a_path_of_tests_is_known(path: str) -> None:
    assert is_test_path(path)


@pytest.mark.parametrize("path", NO_TESTS)
def test_another_path_is_none(path: str) -> None:
    assert not is_test_path(path)


PYTHON = """import pytest

@pytest.mark.parametrize("n", [1, 2])
def test_adds(n):
    assert add(n, 1) == n + 1


class TestShelf(unittest.TestCase):
    async def test_takes(self):
        self.assertEqual(take(), 1)
"""
JAVASCRIPT = """import { add } from './shelf';
describe('shelf', () => {
  it('adds', () => { expect(add(1, 2)).toBe(3); });
  test.each([1])('takes', (n) => { assert.equal(take(n), n); });
});
"""
GO = """package shelf
func TestAdd(t *testing.T) {
\tt.Run("one", func(t *testing.T) { if add(1) != 2 { t.Errorf("no") } })
\trequire.Equal(t, 1, take())
}
func ExampleAdd() {
\tfmt.Println(add(1))
\t// Output: 2
}
"""
JAVA = """class ShelfTest {
  @Test void adds() { assertEquals(3, add(1, 2)); verify(shelf).take(); }
  @ParameterizedTest @ValueSource(ints = {1}) void takes(int n) { assertThat(take(n)).isEqualTo(n); }
}
"""
RUST = """pub fn add(a: &'static str) -> u8 { assert!(true_enough()); 1 }
#[cfg(test)]
mod tests {
    #[test] fn adds() { assert_eq!(add("a // b"), 1); }
}
"""
RUBY = """describe Shelf do
  it "adds # one" do
    expect(add(1)).to eq 2
  end
  def test_takes; assert_equal 1, take; end
end
"""
PHP = """<?php class ShelfTest { #[Test] public function testAdds() { $this->assertSame(2, add(1)); # fine
} }"""
CSHARP = """class ShelfTests {
  [Fact] public void Adds() { Assert.Equal(2, Add(1)); }
  [Theory, InlineData(1)] void B() {} }
"""

WEAKER = [
    ("tests/test_a.py", PYTHON, "def test_adds", "def adds", "has 3 tests where it had 4"),
    (
        "tests/test_a.py",
        PYTHON,
        "class TestShelf(unittest.TestCase)",
        "class Shelf(Base)",
        "has 3 tests where it had 4",
    ),
    ("tests/test_a.py", PYTHON, "@pytest.mark.parametrize", "@parametrize", "has 3 tests where it had 4"),
    ("tests/test_a.py", PYTHON, "    async def test_takes", "    '''\n    async def test_takes", "has 3 tests where"),
    ("tests/test_a.py", PYTHON, "    assert add(n, 1) == n + 1", "    add(n, 1)", "has 1 assertion where it had 2"),
    ("tests/test_a.py", PYTHON, "    assert add", "    # assert add", "has 1 assertion where it had 2"),
    ("tests/test_a.py", PYTHON, "assert add(n, 1) == n + 1", "'assert add'", "has 1 assertion where it had 2"),
    ("tests/test_a.py", PYTHON, "assert add(n, 1) == n + 1", "assert True", "has 1 assertion where it had 2"),
    ("tests/test_a.py", PYTHON, "def test_adds", "@pytest.mark.xfail\ndef test_adds", "has 1 new mark"),
    ("tests/test_a.py", PYTHON, "    assert", "    pytest.skip('no')\n    assert", "has 1 new mark"),
    ("tests/test_a.py", PYTHON, "    self", "    self.skipTest('')\n        self", "has 1 new mark"),
    ("tests/test_a.py", PYTHON, "class", "@unittest.skipIf(True, '')\nclass", "has 1 new mark"),
    ("tests/test_a.py", PYTHON, "    assert", "    return\n    assert", "has 1 new mark"),
    ("tests/test_a.py", PYTHON, "    assert", "    if 0:\n        assert", "has 1 new mark"),
    ("tests/test_a.py", PYTHON, "    assert", "    if 1 > 2:\n        assert", "has 1 new mark"),
    ("tests/test_a.py", PYTHON, "    assert", "    for _ in []:\n        assert", "has 1 new mark"),
    ("tests/test_a.py", PYTHON, "    assert", "    while 0:\n        assert", "has 1 new mark"),
    ("tests/test_a.py", PYTHON, "    assert", "    if n: return\n    assert", "has 1 new mark"),
    ("tests/test_a.py", PYTHON, "    assert", "    return None\n    assert", "has 1 new mark"),
    ("tests/test_a.py", PYTHON, "    assert", "    lambda: assert_(add); assert", "has 1 new mark"),
    ("tests/test_a.py", PYTHON, "    assert", "    with suppress(AssertionError):\n        assert", "has 1 new mark"),
    (
        "tests/test_a.py",
        PYTHON,
        "    assert",
        "    with pytest.raises(AssertionError):\n        assert",
        "has 1 new mark",
    ),
    ("tests/test_a.py", PYTHON, "n + 1", "n + 1 or 1", "has 1 new mark"),
    ("tests/test_a.py", PYTHON, "self.assertEqual(take(), 1)", "self.assertEqual(1, 1)", "has 1 assertion where"),
    ("tests/test_a.py", PYTHON, "n + 1", "n + 1 or True", "has 1 new mark"),
    ("tests/test_a.py", PYTHON, "import", "import atexit\nimport", "has 1 new mark"),
    ("tests/test_a.py", PYTHON, "class", "os._exit(0)\nclass", "has 1 new mark"),
    ("tests/test_a.py", PYTHON, "class", "del test_adds\nclass", "has 1 new mark"),
    ("tests/test_a.py", PYTHON, "class", "test_adds = None\nclass", "has 1 new mark"),
    ("tests/test_a.py", PYTHON, "class", "try: pass\nexcept (KeyError, AssertionError): pass\nclass", "has 1 new mark"),
    ("tests/test_a.py", PYTHON, "class", "def pytest_collection_modifyitems(items): ...\nclass", "has 1 new mark"),
    ("a.test.ts", JAVASCRIPT, "expect(add", "if (1) { return } expect(add", "has 2 new marks"),
    ("a.test.ts", JAVASCRIPT, "expect(add(1, 2)).toBe(3);", "try { expect(add(1, 2)).toBe(3) } catch {}", "has 1 new"),
    ("a.test.ts", JAVASCRIPT, "describe(", "process.exit(0);\ndescribe(", "has 1 new mark"),
    ("a.test.ts", JAVASCRIPT, "it('adds'", "xit('adds'", "has 2 tests where it had 3"),
    ("a.test.ts", JAVASCRIPT, "it('adds'", "it.skip('adds'", "has 1 new mark"),
    ("a.test.ts", JAVASCRIPT, "it('adds'", "it.only('adds'", "has 1 new mark"),
    ("a.test.ts", JAVASCRIPT, "test.each", "test.concurrent.todo.each", "has 1 new mark"),
    ("a.test.ts", JAVASCRIPT, "it('adds',", "it('adds', { skip: true },", "has 1 new mark"),
    ("a.test.ts", JAVASCRIPT, "  it(", "  // it(", "has 2 tests where it had 3"),
    ("a.test.ts", JAVASCRIPT, "  it(", "  /* it(", "has 1 test where it had 3"),
    ("a.test.ts", JAVASCRIPT, "expect(add(1, 2)).toBe(3)", "expect(true).toBe(true)", "has 1 assertion where it had 2"),
    ("a_test.go", GO, "func TestAdd(t", "func testAdd(t", "has 2 tests where it had 3"),
    ("a_test.go", GO, 't.Errorf("no")', 't.Log("no")', "has 2 assertions where it had 3"),
    ("a_test.go", GO, "// Output: 2", "// output", "has 2 assertions where it had 3"),
    ("a_test.go", GO, "\trequire", "\tt.Skip()\n\trequire", "has 1 new mark"),
    ("a_test.go", GO, "\trequire", "\treturn\n\trequire", "has 1 new mark"),
    ("a_test.go", GO, "if add", "if false && add", "has 1 new mark"),
    ("a_test.go", GO, "package", "//go:build never\n\npackage", "has 1 new mark"),
    ("src/test/java/ShelfTest.java", JAVA, "@Test void", "void", "has 2 tests where it had 3"),
    ("src/test/java/ShelfTest.java", JAVA, "@Test", "@Disabled @Test", "has 1 new mark"),
    ("src/test/java/ShelfTest.java", JAVA, "verify(shelf).take();", "", "has 2 assertions where it had 3"),
    ("src/test/java/ShelfTest.java", JAVA, "assertE", "if (true) return; assertE", "has 2 new marks"),
    ("src/lib.rs", RUST, "{ assert_eq", "{ return; assert_eq", "has 1 new mark"),
    ("src/lib.rs", RUST, "#[test] fn", "fn", "has 1 test where it had 2"),
    ("src/lib.rs", RUST, "#[test]", "#[test] #[ignore]", "has 1 new mark"),
    ("src/lib.rs", RUST, 'assert_eq!(add("a // b"), 1);', "", "has 1 assertion where it had 2"),
    ("spec/a_spec.rb", RUBY, '  it "adds', '  xit "adds', "has 2 tests where it had 3"),
    ("spec/a_spec.rb", RUBY, "    expect", "    skip\n    expect", "has 1 new mark"),
    ("spec/a_spec.rb", RUBY, "    expect", "    return\n    expect", "has 1 new mark"),
    ("spec/a_spec.rb", RUBY, "describe Shelf do", "describe Shelf, :focus do", "has 1 new mark"),
    ("spec/a_spec.rb", RUBY, "    expect(add(1)).to eq 2", "    # expect", "has 1 assertion where it had 2"),
    ("tests/ShelfTest.php", PHP, "function testAdds", "function adds", "has 1 test where it had 2"),
    ("tests/ShelfTest.php", PHP, "$this->assertSame(2, add(1));", "$this->markTestSkipped();", "has 1 new mark"),
    ("ShelfTests.cs", CSHARP, "[Fact]", "", "has 2 tests where it had 3"),
    ("ShelfTests.cs", CSHARP, "[Fact]", '[Fact(Skip = "no")]', "has 1 new mark"),
    ("ShelfTests.cs", CSHARP, "Assert.Equal(2, Add(1));", "Assert.True(true);", "has 0 assertions where it had 1"),
]


@pytest.mark.parametrize(("path", "before", "old", "new", "reason"), WEAKER)
def test_a_weaker_test_is_refused(path: str, before: str, old: str, new: str, reason: str) -> None:
    assert old in before
    refusals = weakened([FileChange(path, before, before.replace(old, new))], ["make test"])

    assert {refusal.path for refusal in refusals} == {path}
    assert any(refusal.reason.startswith(reason) for refusal in refusals), refusals


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (
            "tests/test_a.py",
            PYTHON,
            PYTHON + "\ndef test_new():\n    test_data = take()\n    assert test_data == 0  # skip\n",
        ),
        ("tests/test_a.py", PYTHON, PYTHON.replace("n + 1", "1 + n")),
        ("tests/test_a.py", "# assert nothing, xfail nothing\n" + PYTHON, PYTHON),
        ("tests/test_new.py", None, PYTHON),
        ("a.test.ts", JAVASCRIPT, JAVASCRIPT.replace("'adds'", "'it.only( adds'")),
        ("a_test.go", GO, GO + "func TestTake(t *testing.T) { t.Fatal(1) }\n"),
        ("src/lib.rs", RUST, "fn b() { return; }\n" + RUST),
        ("src/lib.rs", RUST, RUST.replace("-> u8 {", "-> u8 { let quote = '\"';")),
        ("src/lib.rs", RUST, RUST.replace("1 }", 'r#"assert!(" "#; 1 }')),
        ("spec/a_spec.rb", RUBY, RUBY + "=begin\nskip\n=end\n"),
        ("tests/data.json", '{"a": 1}', '{"a": 2}'),
        ("app/shelf.py", "assert a\nassert b\n", "assert a\n"),
        ("app/shelf.py", "a", None),
        ("app/shelf.py", None, "a"),
        ("tests/test_a.py", "same", "same"),
    ],
)
def test_more_tests_and_other_code_are_fine(path: str, before: str | None, after: str | None) -> None:
    assert weakened([FileChange(path, before, after)], ["make test", "python3 -m unittest tests/test_a.py"]) == ()


DELETED = "is a test or belongs to tests, and would be deleted or renamed"


@pytest.mark.parametrize("path", ["tests/test_a.py", "tests/data.json", "tests/__init__.py", "src/inline.rs"])
def test_a_deleted_test_is_refused(path: str) -> None:
    assert weakened([FileChange(path, RUST, None)], []) == (Refusal(path, DELETED),)


def test_a_new_test_that_is_skipped_is_refused() -> None:
    change = FileChange("a.test.js", None, "it.only('a', () => { expect(1).toBe(1); });")

    assert weakened([change], []) == (
        Refusal(
            "a.test.js",
            "has 1 new mark by which tests are skipped, may fail, are chosen or end early"
            " (such as skip, xfail, only, ignore, a bare return or an exit)",
        ),
    )


def test_changed_lines_of_tests_are_told_for_people_to_judge() -> None:
    changes = [
        FileChange("tests/test_a.py", PYTHON, PYTHON.replace("n + 1", "n").replace("import pytest", "import unittest")),
        FileChange("tests/a.snap", "\n  expected: 1\n", "expected: 2\n"),
        FileChange("app/shelf.py", "a = 1\n", "a = 2\n"),
        FileChange("src/lib.rs", RUST, RUST.replace("pub fn", "fn")),
        FileChange("tests/new.py", None, "a"),
        FileChange("tests/old.py", "a", None),
    ]

    assert changed_expectations(changes) == (
        "tests/test_a.py:5: assert add(n, 1) == n + 1",
        "tests/a.snap:2: expected: 1",
        "src/lib.rs:1: pub fn add(a: &'static str) -> u8 { assert!(true_enough()); 1 }",
    )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("a\nb\na\n", "b\na\n", ("tests/a.py:1: a",)),
        ("a\n  b\n# c\n", "a\nb\n", ("tests/a.py:2: b",)),
        ("a\nb\n", "b\na\n", ("tests/a.py:1: b (new among the lines that were there)", "tests/a.py:2: b")),
    ],
)
def test_a_line_that_is_gone_indented_otherwise_or_elsewhere_is_told(
    before: str, after: str, told: tuple[str, ...]
) -> None:
    assert changed_expectations([FileChange("tests/a.py", before, after)]) == told


def test_after_many_changed_lines_the_rest_is_a_number() -> None:
    told = changed_expectations([FileChange("tests/a.txt", "\n".join(map(str, range(MAX_TOLD + 5))), "")])

    assert (len(told), told[0], told[-1]) == (MAX_TOLD + 1, "tests/a.txt:1: 0", "and 5 more lines")
