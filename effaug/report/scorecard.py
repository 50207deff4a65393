"""The paper's claims weighed against our results: what each comes to, with intervals, and a verdict."""

from __future__ import annotations

import functools
import html
from pathlib import Path

import pandas as pd

from effaug.report.claims import CLAIMS
from effaug.report.exhibits import Exhibit
from effaug.report.judging import OUTCOMES, most_seeds, verdict
from effaug.report.labels import dataset_label, protocol_label, with_labels
from effaug.report.markup import Shown, folded, mark, scrolls, table_html, verdict_html
from effaug.report.measures import effects
from effaug.report.numbers import own as own_table
from effaug.report.panels import NINE, Board
from effaug.report.reconstruction import agreement
from effaug.report.rounding import as_text, shown
from effaug.report.sources import study
from effaug.study.protocols import NAMES, PROTOCOLS
from effaug.study.results import Results

_VERDICTS = {
    "holds": "hold",
    "holds so far": "hold so far",
    "holds in part": "hold in part",
    "does not hold": "do not hold",
    "undecided": "undecided",
    "not measured": "not measured",
}


def comparisons(results: Results, protocol: str) -> dict[str, pd.DataFrame]:
    """What `effects` gives for every claim, by its id; computed once for as long as the files are the same."""
    found = _comparisons(results.folder.absolute(), protocol, results.state())
    return {name: each.copy() for name, each in found.items()}


@functools.lru_cache(maxsize=8)
def _comparisons(folder: Path, protocol: str, state: tuple[object, ...]) -> dict[str, pd.DataFrame]:
    board = Board(Results(folder), protocol)
    return {claim.id: effects(board, claim) for claim in CLAIMS}


def scorecard(results: Results, protocol: str, each: dict[str, pd.DataFrame] | None = None) -> pd.DataFrame:
    """Every claim with its verdict; from its `comparisons`, where they are at hand.

    Returns
    -------
    DataFrame
        Indexed by the claim's id: ``section``, ``claim``, ``verdict`` (see `verdict`), how many comparisons are
        ``yes``, ``no``, ``equal``, ``open`` and ``empty``, the ``seeds to decide`` all that are open (NaN where none
        is), the range of the ``effects``, and what they are ``decided by``. Stand-ins are not counted.
    """
    rows, each = {}, each or comparisons(results, protocol)
    for claim in CLAIMS:
        found = each[claim.id]
        count = found.outcome.value_counts()
        rows[claim.id] = {
            "section": claim.section,
            "claim": claim.says,
            "verdict": verdict(claim, found),
            **{outcome: int(count.get(outcome, 0)) for outcome in OUTCOMES},
            "seeds to decide": most_seeds(found),
            "effects": f"{shown(found.effect.min(), 2)} to {shown(found.effect.max(), 2)}" if len(found) else "",
            "decided by": claim.decided_by,
        }
    found = pd.DataFrame.from_dict(rows, orient="index").rename_axis("id")
    needed = [row["seeds to decide"] for row in rows.values()]  # pandas would make floats of numbers, words and NaN
    return found.assign(**{"seeds to decide": pd.Series(needed, found.index, dtype=object)})


def cards(results: Results) -> dict[str, pd.DataFrame]:
    """The scorecard under each protocol of `QUESTIONS`."""
    return {protocol: scorecard(results, protocol) for protocol in QUESTIONS}


def strip(results: Results, href: str = "", each: dict[str, pd.DataFrame] | None = None) -> Shown:
    """The answer in rows of marks: for each protocol whether the published numbers are met, and a mark for each claim.

    Parameters
    ----------
    results : Results
    href : str, default ""
        The scorecard's page, as the page that shows the strip reaches it; each mark leads to its claim there.
    each : dict of str to DataFrame, optional
        What `cards` gives, where it is at hand.
    """
    each, found = each or cards(results), agreement(results, NAMES, decimals=9)
    rows, told = [], []
    for protocol, words in QUESTIONS.items():
        card, numbers = each[protocol], _met(found, protocol)
        counts = f"Of {len(card)} claims: {_counts(card)}"
        marks = "".join(_linked(str(name), row.claim, row.verdict, href) for name, row in card.iterrows())
        line = f"<p><b>{words}: {numbers}.</b> {counts}.</p>"
        rows.append(f'<div class="strip">{line}<ol class="marks">{marks}</ol></div>')
        told.append(f"{words}: {numbers}. {counts}.  {' '.join(map(mark, card.verdict))}")
    return Shown(f'<div class="strips">{"".join(rows)}</div>', "\n".join(told))


def _met(found: pd.DataFrame, protocol: str) -> str:
    """Whether a protocol's AUCs are the published ones, by `reconstruction.agreement`."""
    row = found.T.to_dict()[protocol, "all"]
    away, rank = row["median |difference|"], row["rank correlation"]
    if pd.isna(away):
        return "numbers not computed"
    return "numbers met" if away <= CLOSE and rank >= ORDERED else "numbers not met"


def _linked(name: str, claim: str, verdict: str, href: str) -> str:
    words = html.escape(f"{verdict}: {claim}", quote=True)
    sign = verdict_html(verdict, words=False)
    return f'<li><a href="{href}#claim-{name}" title="{words}" aria-label="{words}">{sign}</a></li>'


def _counts(card: pd.DataFrame) -> str:
    """How many claims have which verdict, those of none left out.

    Examples
    --------
    >>> _counts(pd.DataFrame({"verdict": ["undecided", "holds", "holds"]}))
    '2 hold, 1 undecided'
    """
    count = card.verdict.value_counts()
    return ", ".join(f"{count[verdict]} {words}" for verdict, words in _VERDICTS.items() if verdict in count)


def in_words(results: Results, protocol: str) -> str:
    """How many claims have which verdict under a protocol, as a sentence."""
    card = scorecard(results, protocol)
    return f"Of {len(card)} claims under {protocol_label(protocol)}: {_counts(card)}."


def answer(results: Results) -> str:
    """Whether the published numbers are found again from the paper's text and from its code, in Markdown.

    They are met if the AUCs' median distance is at most 3 of 1000 and the policies' order correlates with the published
    one by 0.85 or more (`reconstruction.agreement`).
    """
    found = agreement(results, NAMES, decimals=9)  # rounded once, where they are shown
    lines = []
    for protocol, words in QUESTIONS.items():
        row = found.T.to_dict()[protocol, "all"]
        if pd.isna(row["median |difference|"]):
            lines.append(f"- **{words}:** none of the published AUCs is stored.")
            continue
        own = found.loc[[protocol]].droplevel("protocol").drop("all").dropna(subset=["median |difference|"])
        each = ", ".join(
            f"{dataset_label(str(name))} {shown(r['median |difference|'], 1)}" for name, r in own.iterrows()
        )
        median, rank, ceiling = (row[name] for name in ("median |difference|", "rank correlation", "ceiling"))
        lines.append(
            f"- **{words}: published {_met(found, protocol)}.** {row['AUCs']} AUCs are computed, "
            f"{shown(median, 1)} of 1000 away in the median ({each}). The order of the policies correlates with the "
            f"published one by {shown(rank, 2)}; a repetition would reach {shown(ceiling, 2)}."
        )
    rule = f"*Met* takes a median distance of at most {CLOSE} of 1000 and a rank correlation of at least {ORDERED}."
    return "\n".join([*lines, "", rule])


CLOSE, ORDERED = 3, 0.85  # of 1000; a rank correlation
QUESTIONS = {"paper": "From the text", "released-code": "From the released code", "reconstruction": "As reconstructed"}


def claims_table(results: Results, each: dict[str, pd.DataFrame] | None = None) -> Exhibit:
    """Every claim with its verdict under the three protocols; each row leads to its comparisons on the same page."""
    each = each or cards(results)
    first = each["paper"]
    index = pd.Index([_anchored(str(name)) for name in first.index], name="claim")
    frame = pd.DataFrame({_HEADINGS[p]: [_verdict(v) for v in each[p].verdict] for p in QUESTIONS}, index)
    frame["in our words"] = [f"{row.claim} (Section {row.section})" for row in first.itertuples()]
    alike = int(pd.concat([card.verdict for card in each.values()], axis=1).nunique(axis=1).eq(1).sum())
    says = (
        f"{len(first)} claims of the paper and what they come to. {alike} have the same verdict under all three "
        "protocols. A claim's name leads to its comparisons."
    )
    where = study(results, "scorecard", NINE, lambda protocol, _: protocol in PROTOCOLS)
    return own_table("scorecard", frame, says, origin=where, deciding=tuple(_HEADINGS.values()))


_HEADINGS = {"paper": "from the text", "released-code": "from the code", "reconstruction": "reconstructed"}


def _verdict(verdict: str) -> Shown:
    return Shown(verdict_html(verdict), verdict)


def _anchored(name: str) -> Shown:
    words = name.replace("-", " ")
    return Shown(f'<a id="claim-{name}" href="#comparisons-{name}">{words}</a>', words)


def every_comparison(results: Results, protocol: str) -> Shown:
    """Each claim's verdict under a protocol, and folded below it what decides it and its comparisons."""
    board, blocks, told = Board(results, protocol), [], []
    for claim in CLAIMS:
        found = effects(board, claim)
        came, table = verdict(claim, found), as_text(found, 2).set_index("comparison")
        words = f"{verdict_html(came)}: {html.escape(claim.says)} (Section {claim.section})"
        inside = f'<p id="comparisons-{claim.id}">Decided by: {html.escape(claim.decided_by)}.</p>'
        inside += scrolls(table_html(_readable(table), ("outcome",))) if len(table) else "<p>Not measured.</p>"
        blocks.append(folded(words, inside, "claim"))
        told.append(f"{claim.id}: {came}\n{table.to_string()}")
    return Shown("".join(blocks), "\n\n".join(told))


def _readable(table: pd.DataFrame) -> pd.DataFrame:
    """A claim's comparisons with their tasks' names, and the interval in one column."""
    interval = [f"{low} to {high}" if low != "-" else "-" for low, high in zip(table.low, table.high, strict=True)]
    shown_as = table[["outcome", "effect"]].assign(interval=interval)
    found = pd.concat([shown_as, table[["claimed", "seeds", "seeds to decide"]]], axis=1)
    return found.set_axis([with_labels(name) for name in table.index]).rename_axis("comparison")
