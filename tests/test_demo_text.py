"""What the demo prints of GitHub's Markdown fits a terminal and loses no word."""

from __future__ import annotations

from scripts.demo_text import plain

_COMMENT = """\
### Blocked by 1 finding

**P1**&nbsp;⛔ Look at [`app/cart.py:3`](https://example.org/a/very/long/address/that/nobody/reads/in/a/terminal).

| file | tier |
| --- | --- |
| `app/cart.py` | standard: no rule names the path (built-in) |


<details><summary>Coverage: 1 of 1 file</summary>

all of it

</details>

```suggestion
    a = [1,   2]
```

<!-- revwright:summary:abc -->
"""


def test_markup_goes_and_words_and_code_stay() -> None:
    assert plain(_COMMENT, 40) == (
        "### Blocked by 1 finding\n"
        "\n"
        "P1 ⛔ Look at app/cart.py:3.\n"
        "\n"
        "  file  |  tier\n"
        "  app/cart.py  |  standard: no rule\n"
        "      names the path (built-in)\n"
        "\n"
        "> Coverage: 1 of 1 file\n"
        "\n"
        "all of it\n"
        "\n"
        "    (suggestion)\n"
        "        a = [1,   2]"
    )


def test_no_line_of_prose_is_longer_than_the_window() -> None:
    assert max(map(len, plain("word " * 100 + "x" * 200, 60).split("\n"))) <= 60
