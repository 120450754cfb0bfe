"""Diagrams: a small subset is written anew, and everything else is no diagram."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.mermaid import MAX_EDGES, MAX_NODES, canonical
from tests.examples import examples

FLOW = """flowchart LR
    a[Web] -->|"HTTP (v2)"| b("Queue; <b>#1</b>")
    b --> c{Done?} -- yes --> d([End])
    c -.-> a;
    e[(Store)]
    d ==> e

    d --- f[["x [y]"]]
    g((round)) --> undefined_one
"""


def test_a_flowchart_is_written_anew() -> None:
    assert canonical(FLOW) == (
        "flowchart LR\n"
        '    n1["Web"]\n'
        '    n2["Queue b 1 /b"]\n'
        '    n3["Done?"]\n'
        '    n4["End"]\n'
        '    n5["Store"]\n'
        '    n6["x y"]\n'
        '    n7["round"]\n'
        '    n8["undefined_one"]\n'
        '    n1 -->|"HTTP (v2)"| n2\n'
        "    n2 --> n3\n"
        '    n3 -->|"yes"| n4\n'
        "    n3 -.-> n1\n"
        "    n4 ==> n5\n"
        "    n4 --- n6\n"
        "    n7 --> n8\n"
    )


def test_a_sequence_is_written_anew() -> None:
    source = "sequenceDiagram\nautonumber\nparticipant a as The @web\nactor b\na->>b: GET /x\nb--xa: 500; end\n c-)a: y"
    assert canonical(source) == (
        "sequenceDiagram\n"
        "    participant n1 as The web\n"
        "    participant n2 as b\n"
        "    participant n3 as c\n"
        "    n1->>n2: GET /x\n"
        "    n2-->>n1: 500 end\n"
        "    n3->>n1: y\n"
    )


def test_a_label_without_words_is_the_identifier() -> None:
    assert canonical("flowchart LR\n a[$$] --> b") == canonical("flowchart LR\n a --> b")


@pytest.mark.parametrize("direction", ["TD", "TB", "BT"])
def test_up_and_down_are_one_direction(direction: str) -> None:
    assert (canonical(f"graph {direction}\na-->b") or "").startswith("flowchart TD\n")


@pytest.mark.parametrize(
    "source",
    [
        "",
        "pie\n a: 1",
        "flowchart LR",
        "flowchart LR\n a[Only]",
        'flowchart LR\n a-->b\n click a "https://evil.test"',
        "flowchart LR\n a-->b\n click a call f()",
        "flowchart LR\n a-->b\n style a fill:#f00",
        "flowchart LR\n a-->b\n classDef x fill:#f00",
        "flowchart LR\n subgraph x\n a-->b\n end",
        "flowchart LR\n a-->b:::x",
        "flowchart LR\n a-->end",
        "flowchart LR\n a@{ shape: x } --> b",
        "flowchart LR\n a[never closed --> b",
        'flowchart LR\n a["never closed] --> b',
        'flowchart LR\n a["x"y] --> b',
        "flowchart LR\n _ --> b",
        "flowchart LR\n a --> ",
        "flowchart LR\n a b",
        "flowchart LR\n 文 --> b",
        "%%{init: {'theme': 'dark'}}%%\nflowchart LR\n a-->b",
        "flowchart LR\n %% comment\n a-->b",
        "---\ntitle: x\n---\nflowchart LR\n a-->b",
        "flowchart LR\n a-->b\n```\n@everyone",
        "sequenceDiagram\n a->>b: ",
        "sequenceDiagram\n a->>b: $$",
        "sequenceDiagram\n participant a",
        "sequenceDiagram\n a->>b: x\n loop y\n end",
        "sequenceDiagram\n link a: x @ https://evil.test\n a->>b: x",
        "flowchart LR\n" + "\n".join(f"a{n} --> a{n + 1}" for n in range(MAX_NODES)),
        "flowchart LR\n" + "a --> b\n" * (MAX_EDGES + 1),
        "flowchart LR\n a-->b" + " " * 9_000,
    ],
)
def test_what_is_not_in_the_subset_is_no_diagram(source: str) -> None:
    assert canonical(source) is None


LABELS = st.text(st.one_of(st.characters(), st.sampled_from('`"|[]<>#;:&@%{}$\\\n')), max_size=80)


@given(LABELS, LABELS, st.sampled_from(["[%s]", '["%s"]', "{%s}", "([%s])"]))
@settings(max_examples=examples(150, search=300))
def test_nothing_but_words_of_a_label_comes_through(label: str, said: str, shape: str) -> None:
    for source in (
        f"flowchart LR\n a{shape % label} -->|{said}| b",
        f"flowchart LR\n a -- {said} --> b{shape % label}",
        f"sequenceDiagram\n participant a as {label}\n a->>b: {said}",
    ):
        drawn = canonical(source)
        if drawn is None:
            continue
        assert canonical(drawn) == drawn
        words = re.sub(r"[\w .,\-/+=?!'()]", "", drawn)
        assert set(words) <= set('[]"|>:\n')
        for line in drawn.split("\n")[1:-1]:
            assert re.fullmatch(
                r'    n\d+(\["[^"\]]+"\]| (-->|---|-\.->|==>)(\|"[^"|]+"\|)? n\d+|--?>>n\d+: [^:]+)'
                r"|    participant n\d+ as [^:]+",
                line,
            )
