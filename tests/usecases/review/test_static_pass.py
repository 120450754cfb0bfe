"""The pass without a model: what rules see in lines and trees, and which lines nobody saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.domain.coverage import Unreviewed
from app.domain.findings import Evidence
from app.domain.rules import Rule, StructuralPattern
from app.usecases.review.static import count_hidden, hidden_lines, look_at_trees, static_candidates
from tests.build import BASE, HEAD, rule, snapshot
from tests.fakes.repository import FakeRepository

TOKEN = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
EVAL = replace(rule("python/eval"), structural=(StructuralPattern("python", {"pattern": "eval($X)"}),))


@dataclass
class Shapes:
    """Implements ports.Structural: finds every rule in line 1; cannot parse what begins with a bracket."""

    asked: list[str] = field(default_factory=list)

    async def structural(
        self, path: str, text: str, rules: tuple[tuple[str, Mapping[str, object]], ...]
    ) -> tuple[tuple[str, int], ...] | None:
        self.asked.append(path)
        return None if text.startswith("(") else tuple((rule_id, 1) for rule_id, _ in rules)

    async def check_structural(self, language: str, rule: Mapping[str, object]) -> None:
        raise ValueError(language)


def repository(**files: bytes) -> FakeRepository:
    return FakeRepository({BASE: {}, HEAD: {f"{name}.py": data for name, data in files.items()}}, BASE)


async def trees(code: FakeRepository, rules: tuple[Rule, ...]) -> tuple[Mapping[str, object], list[str]]:
    shapes = Shapes()
    found = await look_at_trees(code, shapes, snapshot(*await code.changes(BASE, HEAD)), rules)
    return found, shapes.asked


async def test_trees_are_looked_at_where_a_rule_wants_it() -> None:
    code = repository(a=b"eval(x)\n", odd=b"(\n", large=b"x = 1\n" * 200_000)
    found, asked = await trees(code, (EVAL,))

    assert found == {"a.py": (("python/eval", 1),), "odd.py": ()}
    assert asked == ["a.py", "odd.py"], "a very large file is not parsed"
    assert await trees(code, (rule("python/other"),)) == ({}, [])


async def test_many_files_are_read_in_portions() -> None:
    code = repository(**{f"f{number}": b"eval(x)\n" for number in range(120)})
    found, _ = await trees(code, (EVAL,))

    assert len(found) == 120
    assert [len(paths) for _, paths in code.asked] == [50, 50, 20]


async def test_what_trees_and_lines_show_is_certain() -> None:
    code = repository(a=b"eval(x)\n", b=f"T = '{TOKEN}'\n".encode())
    frozen = snapshot(*await code.changes(BASE, HEAD))
    found = static_candidates((EVAL,), frozen, {"a.py": (("python/eval", 1),)})

    assert [(c.path, c.start_line, c.evidence, c.confidence, c.source) for c in found] == [
        ("a.py", 1, Evidence.STATIC, 1.0, "rules"),
        ("b.py", 1, Evidence.STATIC, 1.0, "rules"),
    ]
    assert TOKEN not in repr(found)


async def test_lines_that_no_model_saw_leave_a_file_unread_where_no_finding_says_so() -> None:
    code = repository(a=b"x = 1\n", b=f"T = '{TOKEN}'\n".encode())
    frozen = snapshot(*await code.changes(BASE, HEAD))
    told = static_candidates((), frozen, {})

    assert hidden_lines(frozen, told) == {}
    assert hidden_lines(frozen, ()) == {
        "b.py": Unreviewed("added text that looks like a secret was hidden from the model")
    }


async def test_a_secret_that_is_told_hides_no_other_one_of_its_file() -> None:
    password = "password = 'Tr0ub4dor&3x'\n"  # in a test a sample, of which nothing is told
    code = repository(test_a=f"T = '{TOKEN}'\nS = '{TOKEN}'\n".encode(), test_b=f"T = '{TOKEN}'\n{password}".encode())
    frozen = snapshot(*await code.changes(BASE, HEAD))
    told = static_candidates((), frozen, {})

    assert [(c.path, c.start_line) for c in told] == [("test_a.py", 1), ("test_a.py", 2), ("test_b.py", 1)]
    assert list(hidden_lines(frozen, told)) == ["test_b.py"]
    assert list(hidden_lines(frozen, told[1:])) == ["test_a.py", "test_b.py"]


async def test_hidden_characters_are_counted_in_all_that_the_author_wrote() -> None:
    code = repository(a="x = 'a\u200bb\u202e'\n".encode())
    frozen = replace(snapshot(*await code.changes(BASE, HEAD)), title="a\u200b", body="\u2066")

    assert count_hidden(frozen) == 4
