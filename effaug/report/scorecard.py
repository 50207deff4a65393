"""The paper's claims weighed against our results: what each comes to, with intervals, and a verdict."""

from __future__ import annotations

import html

import pandas as pd

from effaug.report.claims import CLAIMS
from effaug.report.judging import OUTCOMES, most_seeds, verdict
from effaug.report.markup import Shown, mark, verdict_html
from effaug.report.measures import effects
from effaug.report.panels import Board
from effaug.report.reconstruction import agreement
from effaug.report.rounding import shown
from effaug.study.protocols import NAMES
from effaug.study.results import Results

_VERDICTS = {
    "holds": "hold",
    "holds so far": "hold so far",
    "holds in part": "hold in part",
    "does not hold": "do not hold",
    "undecided": "undecided",
    "not measured": "not measured yet",
}


def comparisons(results: Results, protocol: str) -> dict[str, pd.DataFrame]:
    """What `effects` gives for every claim, by its id."""
    board = Board(results, protocol)
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


def strip(results: Results, href: str = "", cards: dict[str, pd.DataFrame] | None = None) -> Shown:
    """The verdicts as rows of marks, a row for each protocol and a mark for each claim, with their counts in words.

    Parameters
    ----------
    results : Results
    href : str, default ""
        The scorecard's page, as the page that shows the strip reaches it; each mark leads to its claim there.
    cards : dict of str to DataFrame, optional
        What `scorecard` gives under each protocol of `QUESTIONS`, where it is at hand.
    """
    cards = cards or {protocol: scorecard(results, protocol) for protocol in QUESTIONS}
    rows, told = [], []
    for protocol, words in QUESTIONS.items():
        card, counts = cards[protocol], _counts(cards[protocol])
        marks = "".join(_linked(name, row.claim, row.verdict, href) for name, row in card.iterrows())
        rows.append(f'<div class="strip"><p><b>{words}:</b> {counts}.</p><ol class="marks">{marks}</ol></div>')
        told.append(f"{words}: {counts}.  {' '.join(map(mark, card.verdict))}")
    return Shown(f'<div class="strips">{"".join(rows)}</div>', "\n".join(told))


def _linked(name: object, claim: str, verdict: str, href: str) -> str:
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
    """How many claims have which verdict, as a sentence in Markdown."""
    count = scorecard(results, protocol).verdict.value_counts()
    parts = [f"{count.get(verdict, 0)} {words}" for verdict, words in _VERDICTS.items()]
    return f"Of {count.sum()} claims, under the settings of `{protocol}`: {', '.join(parts)}."


def side_by_side(results: Results, protocols: tuple[str, ...]) -> pd.DataFrame:
    """The verdicts under several protocols, a column each."""
    found = {protocol: scorecard(results, protocol) for protocol in protocols}
    return pd.DataFrame({name: card.verdict for name, card in found.items()} | {"claim": found[protocols[0]].claim})


def answer(results: Results) -> str:
    """Whether the paper can be reproduced from its text, and from its code: numbers and claims, in Markdown.

    The published AUCs are met if the median distance is at most 3 of 1000 and the policies' order correlates with the
    published one by 0.85 or more (`reconstruction.agreement`).
    """
    found = agreement(results, NAMES, decimals=9)  # rounded once, where they are shown
    lines = []
    for protocol, words in QUESTIONS.items():
        row = found.T.to_dict()[protocol, "all"]
        own = found.loc[[protocol]].droplevel("protocol").drop("all").dropna(subset=["median |difference|"])
        each = ", ".join(f"{name} {shown(r['median |difference|'], 1)} from {r['AUCs']}" for name, r in own.iterrows())
        median, rank, ceiling = (row[name] for name in ("median |difference|", "rank correlation", "ceiling"))
        met = median <= 3 and rank >= 0.85
        lines.append(
            f"- **{words}?** The published AUCs are {'met' if met else 'not met'}: {row['AUCs']} are computed, "
            f"{shown(median, 1)} of 1000 away (median; {each}); the order of the policies correlates "
            f"with the published one by {shown(rank, 2)} (a repetition would reach {shown(ceiling, 2)}). "
            f"{in_words(results, protocol)}"
        )
    return "\n".join(lines)


QUESTIONS = {
    "paper": "From the text",
    "released-code": "From the released code",
    "reconstruction": "As reconstructed",
}
