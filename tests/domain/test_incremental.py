"""What keeps its coverage after a push: the same change, of which nothing that the reviewer knew is another now."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.diff import FileDiff
from app.domain.incremental import ANY_NAME, MAX_NAMES, Carry, carry, changed_names, mentioned_names, module_names
from app.domain.memory import EntryMemory, PastReview
from app.domain.symbols import Symbol
from app.domain.tiers import Tier
from tests.build import BASE, HEAD, diff_of


def memory(
    path: str, *, tier: Tier = Tier.STANDARD, reads: tuple[str, ...] = (), **more: tuple[str, ...]
) -> EntryMemory:
    return EntryMemory(path, f"{path}.o.n", tier, reads, **more)


def past(*entries: EntryMemory) -> PastReview:
    return PastReview(HEAD, BASE, BASE, "steering", entries, findings=(), rounds=0, asked=False)


def carried(
    before: PastReview | None,
    *changed: str,
    paths: str = "cart user",
    steering: str = "steering",
    tier: Tier = Tier.STANDARD,
    mentions: dict[str, frozenset[str]] | None = None,
    defines: dict[str, frozenset[str]] | None = None,
) -> Carry:
    """The entries `paths`, those in `changed` with another change than before."""
    every = paths.split()
    return carry(
        before,
        steering,
        {path: f"{path}.o.{'x' if path in changed else 'n'}" for path in every},
        tiers=dict.fromkeys(every, tier),
        mentions=dict.fromkeys(every, frozenset[str]()) | (mentions or {}),
        defines=dict.fromkeys(every, frozenset[str]()) | (defines or {}),
    )


BOTH = past(memory("cart"), memory("user"))


def test_a_rebase_keeps_everything_and_a_change_is_looked_at_again() -> None:
    assert carried(BOTH) == Carry({"cart": memory("cart"), "user": memory("user")}, frozenset())
    assert carried(BOTH, "user") == Carry({"cart": memory("cart")}, frozenset({"user"}))
    assert carried(BOTH, paths="cart user new").again == {"new"}


def test_without_a_past_or_with_other_steering_nothing_is_kept() -> None:
    assert carried(None) == Carry({}, frozenset({"cart", "user"}))
    assert carried(BOTH, steering="another policy") == Carry({}, frozenset({"cart", "user"}))


def test_a_closer_look_than_before_is_taken_and_a_lesser_one_is_not() -> None:
    assert carried(BOTH, tier=Tier.CORE).again == {"cart", "user"}
    assert carried(BOTH, tier=Tier.LIGHT).again == frozenset()


@pytest.mark.parametrize(
    ("changed", "paths"), [(("user",), "cart user"), ((), "cart"), (("user",), "cart user third"), ((), "cart third")]
)
def test_who_read_what_is_another_change_now_looks_again(changed: tuple[str, ...], paths: str) -> None:
    before = past(memory("cart", reads=("base.py", "user", "third")), memory("user"))

    assert "cart" in carried(before, *changed, paths=paths).again


def test_who_read_what_is_as_it_was_does_not() -> None:
    assert carried(past(memory("cart", reads=("base.py", "user")), memory("user"))).again == frozenset()


def test_who_mentions_a_name_that_another_entry_changes_looks_again() -> None:
    mentions = {"cart": frozenset({"login", "prices"})}

    assert carried(BOTH, "user", mentions=mentions, defines={"user": frozenset({"login"})}).again == {"cart", "user"}
    assert carried(BOTH, "user", mentions=mentions, defines={"user": frozenset({"logout"})}).again == {"user"}
    assert carried(BOTH, "user", mentions=mentions, defines={"user": frozenset({ANY_NAME})}).again == {"cart", "user"}
    assert carried(BOTH, "user", defines={"user": frozenset({ANY_NAME})}).again == {"user"}, "it mentions nothing"
    assert carried(BOTH, mentions=mentions, defines={"user": frozenset({"login"})}).again == frozenset(), "unchanged"


def test_names_that_a_change_defined_before_and_takes_back_count_too() -> None:
    before = past(memory("cart"), memory("user", defines=("login",)))
    mentions = {"cart": frozenset({"login"})}

    assert carried(before, "user", mentions=mentions).again == {"cart", "user"}
    assert carried(before, paths="cart", mentions=mentions).again == {"cart"}
    assert carried(BOTH, paths="cart", mentions={"cart": frozenset({"user"})}).again == {"cart"}, "by its file's name"


def test_an_entry_of_which_something_is_not_known_is_looked_at_again() -> None:
    def of(tiers: dict[str, Tier], mentions: dict[str, frozenset[str]]) -> frozenset[str]:
        return carry(BOTH, "steering", {"cart": "cart.o.n"}, tiers=tiers, mentions=mentions, defines={}).again

    assert of({"cart": Tier.LIGHT}, {"cart": frozenset()}) == frozenset()
    assert of({}, {"cart": frozenset()}) == {"cart"}
    assert of({"cart": Tier.LIGHT}, {}) == {"cart"}


def test_what_is_mentioned_is_every_longer_identifier_on_changed_lines() -> None:
    diff = diff_of(" context", "-old_name(ab, c2)", "+new.méthode(x, y1z, 123)")

    assert mentioned_names(diff) == {"old_name", "new", "méthode", "y1z"}
    assert mentioned_names(None) == frozenset()


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("shop/cart.py", {"cart"}),
        ("shop/cart/__init__.py", {"__init__", "cart"}),
        ("web/cart/index.test.js", {"index", "cart"}),
        ("src/lib.rs", {"lib", "src"}),
        ("main.go", {"main"}),
        ("a/price-list.ts", {"price-list", "price", "list"}),
        (".env", {".env", "env"}),
    ],
)
def test_a_file_is_named_by_its_stem_or_its_directory(path: str, names: set[str]) -> None:
    assert module_names(path) == names


OLD = (Symbol("Cart", "class", 1, 20), Symbol("Cart.total", "method", 2, 4), Symbol("Cart.count", "method", 6, 9))


def test_a_function_that_begins_beside_its_changed_lines_is_what_changes() -> None:
    diff = diff_of(" def total(items):", "-    return sum(items)", "+    return sum(items) + 1")

    assert changed_names("shop/cart.py", diff, (), ()) == {"cart", "total"}


def test_with_a_parser_the_symbols_around_changed_lines_are_what_changes() -> None:
    diff = diff_of("-        result = 1", "+        result = 2", start=3)

    assert changed_names("shop/cart.py", diff, OLD, OLD) == {"cart", "Cart", "total"}
    assert changed_names("shop/cart.py", diff_of("+    RATE = 1", start=5), OLD, OLD) == {"cart", "Cart", "RATE"}
    assert changed_names("shop/cart.py", diff_of("-x()", start=7), OLD, ()) == {"cart", "Cart", "count"}
    assert changed_names("shop/cart.py", diff_of(" x()", start=7), OLD, OLD) == {"cart"}, "context is no change"
    assert changed_names("shop/cart.py", None, OLD, OLD) == {"cart"}


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("def total(cart):", "total"),
        ("    async def total(cart):", "total"),
        ("class Total(Base):", "Total"),
        ("func (c *Cart) Total() int {", "Total"),
        ("func Total() int {", "Total"),
        ("export const total = () => 1", "total"),
        ("export function total() {", "total"),
        ("pub fn total(&self) -> u32 {", "total"),
        ("pub struct Total {", "Total"),
        ("type Total struct {", "Total"),
        ("RATE: Final = 0.2", "RATE"),
        ("  static final int RATE = 2;", "RATE"),
        ("rate := 2", "rate"),
    ],
)
def test_without_a_parser_a_line_is_read_for_what_it_looks_to_define(line: str, name: str) -> None:
    assert name in changed_names("x.any", diff_of(f"+{line}"), (), ())
    assert name in changed_names("x.any", diff_of(f"-{line}"), (), ())


def test_headings_of_hunks_name_what_changes() -> None:
    (hunk,) = diff_of("+  x();").hunks
    heading = FileDiff((replace(hunk, section="static int total(struct cart *cart)"),))

    assert {"total", "cart"} <= changed_names("x.c", heading, (), ())


def test_a_comparison_or_a_call_defines_nothing() -> None:
    assert changed_names("x.any", diff_of("+if rate == 2:", "+total(cart)", "+return x"), (), ()) == {"x"}


def test_very_many_names_become_any() -> None:
    diff = diff_of(*(f"+n{number} = 1" for number in range(MAX_NAMES)))

    assert changed_names("x.any", diff, (), ()) == {ANY_NAME}


@given(
    st.sets(st.sampled_from("abcdef")),
    st.sets(st.sampled_from("abcdef")),
    st.sets(st.sampled_from("abcdef")),
    st.dictionaries(st.sampled_from("abcdef"), st.sets(st.sampled_from("abcdef"))),
)
def test_every_entry_is_kept_or_looked_at_again_and_what_changed_is_never_kept(
    before: set[str], now: set[str], changed: set[str], reads: dict[str, set[str]]
) -> None:
    memories = past(*(memory(path, reads=tuple(sorted(reads.get(path, ())))) for path in sorted(before)))

    done = carried(memories, *changed, paths=" ".join(sorted(now)))

    assert set(done.kept) | done.again == now
    assert not set(done.kept) & done.again
    assert not set(done.kept) & changed
    another = (before | now) - (before & now - changed)
    assert all(not reads.get(path, set()) & another for path in done.kept)
