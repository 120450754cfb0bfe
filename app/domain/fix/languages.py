"""What tests look like in a language: its test functions, assertions and marks that turn tests off, without a parser.

Comments and strings are blanked first, so that they neither stand in for a test nor hide one. It is a guess that is
made the same way before and after, and whoever uses it refuses in doubt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_C_COMMENTS = r"//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)"
_HASH_COMMENTS = r"\#[^\n]*"
_SINGLE = r"'(?:[^'\\\n]|\\.)*+'?"
_DOUBLE = r'"(?:[^"\\\n]|\\.)*+"?'
_BACKTICKS = r"`(?:[^`\\]|\\.)*+`?"
_RAW_BACKTICKS = r"`[^`]*+`?"
_TRIPLE = r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\Z)'
_TRIPLE_SINGLE = r"'''(?:[^'\\]|\\.|'(?!''))*+(?:'''|\Z)"
_CHARACTER = r"'(?:[^'\\\n]|\\[^\n]{1,10}?)'"
_LONG_DOUBLE = r'"(?:[^"\\]|\\.)*+"?'
_LONG_SINGLE = r"'(?:[^'\\]|\\.)*+'?"


def _pattern(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.MULTILINE | re.DOTALL)


_NONE = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Language:
    """Patterns for code without comments and strings; those that begin with `raw_` for code as it stands."""

    hidden: re.Pattern[str]
    """Comments and strings."""
    tests: re.Pattern[str]
    assertions: re.Pattern[str]
    off: re.Pattern[str]
    """Marks by which tests are skipped, may fail or alone are run, and what ends them early or hides their result."""
    early: re.Pattern[str] = _NONE
    """What in a test makes assertions never run or never matter, and is nothing special in other code."""
    vacuous: re.Pattern[str] = _NONE
    """Assertions that always hold."""
    raw_off: re.Pattern[str] = _NONE
    raw_assertions: re.Pattern[str] = _NONE
    comment: tuple[str, ...] = ("//", "/*", "*")
    """How a line of comment begins."""
    imports: tuple[str, ...] = ("import ", "package ", "using ", "use ", "require")
    """How a line begins that expects nothing."""


_BRACES = _pattern(
    r"\breturn[ \t]*(?:;|\}|$)",
    r"\bif[ \t]*\([ \t]*(?:!?true|!?false|null|\d+)[ \t]*(?:[<>!=]={0,2}[ \t]*\d+[ \t]*)?\)",
    r"\bif[ \t]+(?:!?true|!?false)\b",
    r"\bwhile[ \t]*\([ \t]*(?:false|0)[ \t]*\)",
    r"\bcatch\b[ \t]*(?:\([^)\n]{0,99}\)[ \t]*)?\{\s{0,99}\}",
    r"\.catch\([^\n]{0,99}?=>[ \t]*\{[ \t]*\}",
    r"\|\|[ \t]*(?:true|1)\b|\bfalse[ \t]*&&|&&[ \t]*false\b",
    r"\brecover\(\)|\bcatch_unwind\b",
    r"\b(?:assertThrows|Throws\w{0,20})[ \t]*[(<][ \t]*(?:Assertion\w*|Throwable|Exception)\b",
)
"""Of languages with braces."""
_PYTHON = Language(
    hidden=_pattern(_TRIPLE, _TRIPLE_SINGLE, _HASH_COMMENTS, _DOUBLE, _SINGLE),
    tests=_pattern(
        r"^[ \t]*(?:async[ \t]+)?def[ \t]+test",
        r"^[ \t]*class[ \t]+Test",
        r"^[ \t]*class[ \t]+\w+\([^)\n]*TestCase",
        r"@pytest\.mark\.parametrize\b",
        r"\.subTest\(",
    ),
    assertions=_pattern(r"\bassert\w*", r"\bpytest\.(?:raises|warns)\b", r"\bself\.fail\("),
    off=_pattern(
        r"@(?:\w+\.)*skip(?:If|Unless|if)?\b",
        r"\bmark\.(?:skip|skipif|xfail)\b",
        r"\bpytest\.(?:skip|xfail|importorskip|exit)\b",
        r"\b(?:expectedFailure|skipTest|SkipTest|collect_ignore\w*|__test__|load_tests)\b",
        r"\b(?:os\._exit|sys\.exit|atexit|pytest_plugins|def[ \t]+pytest_\w+)\b",
        r"^[ \t]*(?:return|if[ \t]+(?:0|False|None)[ \t]*:.*|del[ \t]+test\w*|test\w*[ \t]*=[ \t]*None)[ \t]*$",
        r"\bexcept\b[ \t]*(?::|[^:\n]{0,200}\b(?:AssertionError|Exception|BaseException)\b)",
        r"\bor[ \t]+True\b",
    ),
    early=_pattern(
        r"^[ \t]*return[ \t]+None[ \t]*$|^[ \t]*lambda\b[^\n]*\bassert",
        r"^[ \t]*(?:if|elif|while)\b[^\n]{0,200}:[ \t]*return[ \t]*(?:None)?[ \t]*$",
        r"^[ \t]*(?:if|elif)[ \t]+(?:not[ \t]+)?(?:True|\[\]|\(\)|\{\}|[1-9]\d*|\d+[ \t]*[<>!=]=?[ \t]*\d+)[ \t]*:",
        r"^[ \t]*while[ \t]+(?:0|False|None|not[ \t]+True|\d+[ \t]*[<>!=]=?[ \t]*\d+)[ \t]*:",
        r"\bfor[ \t]+\w+[ \t]+in[ \t]+(?:\[\]|\(\)|\{\}|\"\"|''|range\(0\)|(?:set|tuple|list|dict)\(\))[ \t]*:",
        r"\b(?:suppress|assertRaises\w*|raises)\([^)\n]{0,200}\b(?:AssertionError|Exception|BaseException)\b",
        r"\bor[ \t]+1[ \t]*(?:$|[,:)])|\b(?:False|0)[ \t]+and\b|\band[ \t]+False\b",
    ),
    vacuous=_pattern(
        r"\bassert[ \t]+(?:True|1|not[ \t]+False)[ \t]*(?:$|[,;])",
        r"\bassertTrue\([ \t]*True\b",
        r"\bassertEquals?\([ \t]*(?P<same>\w+)[ \t]*,[ \t]*(?P=same)[ \t]*\)",
    ),
    comment=("#",),
    imports=("import ", "from "),
)
_JAVASCRIPT = Language(
    hidden=_pattern(_C_COMMENTS, _BACKTICKS, _DOUBLE, _SINGLE),
    tests=_pattern(
        r"(?<![\w.$])(?:it|test|describe|context|specify|suite|bench)(?:\.\w{1,40}){0,3}[ \t]*[(`]",
        r"\bt\.test[ \t]*\(",
    ),
    assertions=_pattern(
        r"\bexpect\w*[ \t]*[.(]",
        r"\bassert\w*[ \t]*[.(]",
        r"\bt\.(?!plan|skip|todo|only|test|before|after|mock|end)\w+\(",
        r"\.should\b",
    ),
    off=_pattern(
        r"(?<![\w$])(?:it|test|describe|context|specify|suite|bench)(?:\.\w{1,40}){0,3}"
        r"\.(?:skip|only|todo|fails|failing|skipIf|runIf)\b",
        r"(?<![\w.$])x(?:it|test|describe|context|specify)[ \t]*[.(]",
        r"(?<![\w.$])f(?:it|test|describe|context)[ \t]*[.(]",
        r"\b(?:this|t|ctx|context)\.(?:skip|todo)\(",
        r"(?<![\w.$])pending\(",
        r"\b(?:skip|only|todo)[ \t]*:",
        r"\bprocess\.(?:exit|reallyExit|on|exitCode)\b",
        r"\|\|[ \t]*true\b",
    ),
    early=_BRACES,
    vacuous=_pattern(
        r"\bexpect\([ \t]*true[ \t]*\)\.(?:toBe\([ \t]*true|toBeTruthy\()", r"\bassert(?:\.ok)?\([ \t]*true\b"
    ),
)
_GO = Language(
    hidden=_pattern(_C_COMMENTS, _RAW_BACKTICKS, _DOUBLE, _CHARACTER),
    tests=_pattern(
        r"^func[ \t]+(?:Test|Benchmark|Example|Fuzz)\w*[ \t]*\(", r"^func[ \t]*\([^)\n]*\)[ \t]*Test\w*\(", r"\.Run\("
    ),
    assertions=_pattern(
        r"\b(?:t|b|f|tb|tt|c)\.(?:Errorf?|Fatalf?|Fail|FailNow)\(", r"\b(?:assert|require|is|qt)\.\w+\("
    ),
    off=_pattern(r"\.Skip(?:f|Now)?\(", r"\btesting\.Short\(", r"\bos\.Exit\("),
    early=_BRACES,
    raw_off=re.compile(r"^//(?:go:build|[ \t]*\+build)\b", re.MULTILINE),
    raw_assertions=re.compile(r"^[ \t]*//[ \t]*(?:Unordered )?[Oo]utput:", re.MULTILINE),
)
_JAVA = Language(
    hidden=_pattern(_C_COMMENTS, _TRIPLE, _DOUBLE, _CHARACTER),
    tests=_pattern(
        r"@(?:\w+\.)*(?:Test|ParameterizedTest|RepeatedTest|TestFactory|TestTemplate|Property)\b",
        r"@(?:\w+\.)*(?:ValueSource|CsvSource|MethodSource|EnumSource)\b",
        r"\bvoid[ \t]+test\w*\(",
    ),
    assertions=_pattern(r"\bassert\w*", r"\bverify\w*[ \t]*[({]", r"\bfail\(", r"\bexpected[ \t]*=", r"\bshould\w*"),
    off=_pattern(
        r"@(?:\w+\.)*(?:Disabled\w*|Ignore\w*|Enabled(?:If|On|For)\w*)\b",
        r"\bassum\w+\.\w+\(",
        r"\bassum(?:e|ing)\w*\(",
        r"\benabled[ \t]*=[ \t]*false\b",
        r"\bSystem\.exit\b|\bhalt\(",
    ),
    early=_BRACES,
    vacuous=_pattern(r"\bassertTrue\([ \t]*true\b", r"\bassertFalse\([ \t]*false\b"),
)
_RUST = Language(
    hidden=_pattern(_C_COMMENTS, r'\br\#"(?:[^"]|"(?!\#))*+(?:"\#|\Z)', _LONG_DOUBLE, _CHARACTER),
    tests=_pattern(
        r"#\[[ \t]*(?:\w+::)*(?:test|rstest|test_case|case|quickcheck|proptest|bench|wasm_bindgen_test)\b",
        r"#\[[ \t]*cfg\([ \t]*test\b",
    ),
    assertions=_pattern(r"\b(?:debug_|prop_)?assert\w*!"),
    off=_pattern(
        r"#\[[ \t]*(?:ignore|should_panic|cfg_attr)\b", r"#!?\[[ \t]*cfg\([ \t]*(?!test[ \t]*\))", r"\bprocess::exit\b"
    ),
    early=_BRACES,
    vacuous=_pattern(r"\bassert!\([ \t]*true\b"),
)
_RUBY = Language(
    hidden=_pattern(_HASH_COMMENTS, _DOUBLE, _SINGLE, r"^=begin\b.*?(?:^=end\b|\Z)"),
    tests=_pattern(
        r"^[ \t]*(?:it|its|specify|example|describe|context|feature|scenario|test|should)\b(?![ \t]*[.=])",
        r"^[ \t]*(?:RSpec\.)describe\b",
        r"^[ \t]*def[ \t]+test_",
    ),
    assertions=_pattern(r"\b(?:expect|assert\w*|refute\w*|flunk|must_\w+|wont_\w+|should\w*|is_expected)\b"),
    off=_pattern(
        r"^[ \t]*(?:x|f)(?:it|specify|example|describe|context|feature|scenario)\b",
        r"^[ \t]*(?:skip|pending|omit)\b",
        r"\b(?:skip|pending|focus|omit)[ \t]*:",
        r":(?:focus|skip|pending)\b",
        r"\bat_exit\b|\bexit!",
    ),
    early=_pattern(
        r"^[ \t]*(?:return|next|break)[ \t]*$",
        r"\b(?:if|unless|while|until)[ \t]+(?:true|false|nil|\d+)[ \t]*$",
        r"\brescue\b[ \t]*(?:$|=>|Exception\b|StandardError\b|Minitest\b|RSpec\b)",
        r"(?:\|\||\bor\b)[ \t]*true\b",
    ),
    comment=("#",),
)
_PHP = Language(
    hidden=_pattern(_C_COMMENTS, r"\#(?!\[)[^\n]*", _LONG_DOUBLE, _LONG_SINGLE),
    tests=_pattern(
        r"\bfunction[ \t]+test", r"#\[[ \t]*(?:\w+\\)*(?:Test|DataProvider)\b", r"^[ \t]*(?:it|test|describe)[ \t]*\("
    ),
    assertions=_pattern(r"\bassert\w*[ \t]*\(", r"\bexpect\w*[ \t]*\(", r"::fail\("),
    off=_pattern(
        r"\bmarkTest(?:Skipped|Incomplete)\b",
        r"#\[[ \t]*(?:\w+\\)*(?:Requires\w*|Group|DoesNotPerformAssertions)\b",
        r"->(?:skip|only|todo)\(",
        r"\bexpectNotToPerformAssertions\b",
        r"\b(?:exit|die|register_shutdown_function)\b",
    ),
    early=_BRACES,
    vacuous=_pattern(r"\bassertTrue\([ \t]*true\b"),
    raw_off=re.compile(r"@(?:requires|group|doesNotPerformAssertions)\b"),
)
_CSHARP = Language(
    hidden=_pattern(_C_COMMENTS, _TRIPLE, r'@"(?:[^"]|"")*+"?', _DOUBLE, _CHARACTER),
    tests=_pattern(r"[\[,][ \t]{0,4}(?:\w+\.)*(?:Fact|Theory|Test\w*|DataTestMethod|InlineData|DataRow|MemberData)\b"),
    assertions=_pattern(r"\bAssert\.\w+", r"\.Should\w*\(", r"\bVerify\w*\(", r"\b\w+Assert\.\w+"),
    off=_pattern(
        r"[\[,][ \t]{0,4}(?:\w+\.)*(?:Ignore|Explicit)\b",
        r"\bSkip[ \t]*=",
        r"\bAssert\.(?:Ignore|Inconclusive|Pass|Skip)\w*\(|\bEnvironment\.Exit\b",
    ),
    early=_BRACES,
    vacuous=_pattern(r"\bAssert\.(?:True|IsTrue|That)\([ \t]*true\b"),
)

_BY_EXTENSION = {
    **dict.fromkeys(("py", "pyi"), _PYTHON),
    **dict.fromkeys(("js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte"), _JAVASCRIPT),
    "go": _GO,
    **dict.fromkeys(("java", "kt", "kts", "groovy", "scala"), _JAVA),
    "rs": _RUST,
    "rb": _RUBY,
    "php": _PHP,
    **dict.fromkeys(("cs", "fs", "vb"), _CSHARP),
}


@dataclass(frozen=True, slots=True)
class Tested:
    """How much a file tests, by what can be counted in it."""

    tests: int = 0
    assertions: int = 0
    off: int = 0


def language_of(path: str) -> Language | None:
    """By the extension; None where nothing can be counted."""
    return _BY_EXTENSION.get(path.rpartition("/")[2].rpartition(".")[2].lower())


def without_strings(language: Language, code: str) -> str:
    """The code with its lines, without what stands in strings and comments."""
    return language.hidden.sub(_blank, code)


def tested(language: Language, code: str, *, among_others: bool) -> Tested:
    """What the code has, in time that grows with its length. `among_others` says that tests are only a part of it."""
    seen = without_strings(language, code)
    first = language.tests.search(seen) if among_others else None
    tests = seen[first.start() :] if first else seen
    return Tested(
        tests=_number(language.tests, seen),
        assertions=_number(language.assertions, seen)
        + _number(language.raw_assertions, code)
        - _number(language.vacuous, seen),
        off=_number(language.off, seen) + _number(language.raw_off, code) + _number(language.early, tests),
    )


def _blank(found: re.Match[str]) -> str:
    """Strings stay strings, comments are a space; lines stay lines, as patterns look at how these begin."""
    text = found[0]
    quote = text[-1] if text[-1] in "\"'`" and text[0] not in "/#" else " "
    return quote + "\n" * text.count("\n") + quote


def _number(pattern: re.Pattern[str], code: str) -> int:
    return sum(1 for _ in pattern.finditer(code))
