"""Places in a comment where a command must not fire."""

from __future__ import annotations

from app.adapters.markdown.first_paragraph import MAX_BODY, MAX_PARAGRAPH

SAID = "@revwright review"

NOT_SAID = {
    "a quote": f"> {SAID}",
    "a quote in an e-mail": f"On Monday somebody wrote:\n> {SAID}",
    "a fence": f"```\n{SAID}\n```",
    "a fence of tildes": f"~~~\n{SAID}\n~~~",
    "indented code": f"    {SAID}",
    "indented by a tab": f"\t{SAID}",
    "a code span": f"`{SAID}`",
    "a comment": f"<!-- {SAID} -->",
    "after a comment": f"<!-- seen -->\n\n{SAID}",
    "after a comment on the same line": f"<!-- seen --> {SAID}",
    "details": f"<details>\n\n{SAID}\n\n</details>",
    "an element": f"<p>{SAID}</p>",
    "a list": f"- {SAID}",
    "a numbered list": f"1. {SAID}",
    "a heading": f"# {SAID}",
    "an underlined heading": f"{SAID}\n====",
    "another underlined heading": f"{SAID}\n---",
    "a table": f"{SAID} | b\n--- | ---\nc | d",
    "front matter": f"---\ntitle: x\n---\n{SAID}",
    "a suggestion": f"```suggestion\n{SAID}\n```",
    "the second paragraph": f"Hello.\n\n{SAID}",
    "the second line": f"Hello.\n{SAID}",
    "after words": f"please {SAID}",
    "emphasis": f"*{SAID}*",
    "emphasis within": "@revwright **review**",
    "struck through": f"~~{SAID}~~",
    "struck through within": "@revwright ~~review~~",
    "a link": f"[{SAID}](https://example.com)",
    "a link within": f"{SAID} [x](https://example.com)",
    "an image within": f"{SAID} ![x](https://example.com/x.png)",
    "an autolink within": f"{SAID} <https://example.com>",
    "code within": f"{SAID} `full`",
    "HTML within": f"{SAID} <b>full</b>",
    "a comment within": f"{SAID} <!-- full -->",
    "an escaped handle": f"\\{SAID}",
    "a handle by its number": "&#64;revwright review",
    "a footnote": f"[^1]: {SAID}",
    "after a definition that nobody sees": f"[//]: # (x)\n\n{SAID}",
    "under a definition that nobody sees": f"[a]: x\n{SAID}",
    "nothing": "",
    "white space": " \n\t\n",
    "too long a comment": SAID + "\n\n" + "x" * MAX_BODY,
    "too long a paragraph": SAID + " x" * MAX_PARAGRAPH,
}
