"""How a change was reviewed: models, tokens, money, rules, guidelines, rounds, and the claims that did not stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from app.domain.entries import display_path
from app.domain.inert import cell, cell_code, cell_phrase, code_span, phrase
from app.domain.judgements import Decision, Judgement
from app.domain.messages.counting import counted, dollars
from app.domain.messages.origin import Origin
from app.domain.report import ModelUse, Report

MAX_CLAIMS = 10


def how_table(report: Report, origin: Origin) -> str:
    """One row for each fact that there is."""
    rows = [("models", models_cell(report)), ("cost", _cost(report)), ("rules", _rules(report))]
    rows.append(("guidelines", _guidelines(report)))
    rows.append(("skills", ", ".join(cell_code(name, limit=80) for name in report.skills)))
    rows.append(("rounds", f"{report.rounds} of {report.round_limit}" if report.round_limit else ""))
    carried = f"{counted(report.carried, 'file')} covered by an earlier review of the same change"
    rows.append(("carried over", carried if report.carried else ""))
    rows.append(("second look", _decisions(report)))
    rows.append(("notes", "; ".join(cell_phrase(note, limit=300) for note in report.notes[:MAX_CLAIMS])))
    dropped = len(_unjudged(report))
    rows.append(("dropped claims", f"{dropped:,}, none of them posted" if dropped else ""))
    hidden = f"**{report.hidden_characters:,}** invisible characters in the change"
    rows.append(("hidden characters", hidden if report.hidden_characters else ""))
    rows += [("base", f"`{report.base[:12]}`"), ("head", f"`{report.head[:12]}`")]
    rows.append(("run", f"`{origin.run_id}`" if origin.run_id else ""))
    rows.append(("receipt", origin.receipt.told(origin.run_id) if origin.receipt else ""))
    return "\n".join(
        ["| | this review |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows if value)]
    )


def models_cell(report: Report) -> str:
    """Each model with its calls and tokens, and what it did not do."""
    used = "; ".join(_use(use) for use in report.models)
    note = cell_phrase(report.model_note, limit=300)
    return ". ".join(part for part in (used, note) if part) or "not needed"


def _use(use: ModelUse) -> str:
    return f"{cell_code(use.model, limit=80)}: {counted(use.calls, 'call')}, {tokens(use)}"


def tokens(use: ModelUse) -> str:
    """What a model read and wrote, and how much of it came from the provider's cache."""
    usage = use.usage
    if not usage.known:
        return "tokens not reported by the endpoint"
    cached = f" ({usage.cached_input_tokens / usage.input_tokens:.0%} cached)" if usage.cached_input_tokens else ""
    return f"{usage.input_tokens:,} tokens in{cached}, {usage.output_tokens:,} out"


def cost_sentences(report: Report, shown: Callable[[str], str]) -> tuple[str, ...]:
    """What this review cost, what the pull request has cost of what it may, and what no cap can hold back. `shown`
    makes the words of others fit for where they stand.
    """
    bill = report.bill
    unknown = "unknown" if bill and bill.unpriced else "unknown: no price is configured"  # else it is said below
    spent = unknown if report.usd is None else f"{dollars(report.usd)} for this review"
    told = [spent if report.models else "$0 for this review"]
    if bill is None:
        return tuple(told)
    cap = f" of {dollars(bill.cap)}" if bill.cap is not None else ", without a cap,"
    told.append(f"{dollars(bill.spent)}{cap} {'known to be ' if bill.unpriced else ''}spent on this pull request")
    if bill.refused:
        told.append(f"a call was refused: {shown(bill.refused)}")
    if bill.unpriced:
        named = ", ".join(shown(model) for model in bill.unpriced)
        told.append(f"no price is configured for {named}, so no cap can hold its calls back")
    return tuple(told)


def _cost(report: Report) -> str:
    return "; ".join(cost_sentences(report, lambda text: cell_phrase(text, limit=300)))


def _rules(report: Report) -> str:
    return ", ".join(f"{cell(pack, limit=60)} ({count})" for pack, count in report.rule_packs) or "none apply"


def _guidelines(report: Report) -> str:
    told = [
        cell_code(display_path(g.path), limit=120) + (f" ({g.cut_bytes:,} bytes cut)" if g.cut_bytes else "")
        for g in report.guidelines
    ]
    return ", ".join(told) or "none in the base commit"


def _decisions(report: Report) -> str:
    counts = Counter(j.decision for j in report.judgements)
    told = [f"{counts[decision]} {decision}" for decision in Decision if counts[decision]]
    return f"{counted(len(report.judgements), 'claim')}: {', '.join(told)}" if told else ""


def claims(report: Report) -> str:
    """The first claims that were lowered or dropped, each with its reason, and how many more there are; or nothing."""
    told = [_judged(j) for j in report.judgements if j.decision is not Decision.KEPT] + _unjudged(report)
    if not told:
        return ""
    more = [f"- … and {len(told) - MAX_CLAIMS:,} more"] if len(told) > MAX_CLAIMS else []
    return "\n".join(["**Claims that did not stand as they were made**", "", *told[:MAX_CLAIMS], *more])


def _judged(judgement: Judgement) -> str:
    became = f"lowered to {judgement.to}" if judgement.to else "dropped"
    place = (judgement.path, judgement.line)
    return _claim(f"{judgement.severity} {became}", judgement.title, place, judgement.reason)


def _unjudged(report: Report) -> list[str]:
    """What was dropped before anybody looked a second time."""
    judged = {(j.path, j.line, j.title) for j in report.judgements}
    return [
        _claim(
            f"{d.candidate.severity} dropped", d.candidate.title, (d.candidate.path, d.candidate.start_line), d.reason
        )
        for d in report.dropped
        if (d.candidate.path, d.candidate.start_line, d.candidate.title) not in judged
    ]


def _claim(became: str, title: str, place: tuple[str, int], reason: str) -> str:
    where = code_span(f"{display_path(place[0])}:{place[1]}", limit=200)
    return f"- {became}: {phrase(title, limit=160)} ({where}): {phrase(reason, limit=240)}"
