"""What each notebook offers to be changed, read from the notebooks: for the page *Rerun it yourself*."""

from __future__ import annotations

import html
import math

import pandas as pd

from effaug.report import own_data
from effaug.report.markup import Shown
from effaug.report.notebooks import defaults, titles
from effaug.report.parameters import ACCEPTED, DEFAULTS, accepted, stored_results

OTHER = "other"
_WORDS = {
    "n_seeds": "a whole number: at most this many of the stored seeds; when recomputed, this many, from 0 on",
    "source": "stored (read results/) or recompute (compute one task anew, into a temporary folder)",
}


def offered() -> pd.DataFrame:
    """The value of every parameter on each notebook's page.

    Returns
    -------
    DataFrame
        Indexed by notebook: ``page`` (its heading), a column for each of the seven parameters that most of them have,
        and ``other``, its own, such as ``variants=all``. Empty where a notebook does not have it.
    """
    rows = {}
    for name, title in titles().items():
        values = defaults(name)
        own = ", ".join(f"{key}={value}" for key, value in values.items() if key not in DEFAULTS)
        rows[name] = {"page": title} | {key: str(values.get(key, "")) for key in DEFAULTS} | {OTHER: own}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("notebook")


def accepted_words() -> pd.Series:
    """What each parameter accepts, in words, by its name."""
    names = dict.fromkeys(key for name in titles() for key in (*DEFAULTS, *defaults(name)))
    results = stored_results()
    found = {
        name: _WORDS[name] if name in _WORDS else ", ".join(_named(ACCEPTED[name], accepted(name, results)))
        for name in names
    }
    found["dataset"] += f"; on {', '.join(own_data.PAGES)} also a file of your own, ending in .npz"
    return pd.Series(found, name="accepted").rename_axis("parameter")


def _named(always: tuple[str, ...], now: tuple[str, ...]) -> tuple[str, ...]:
    """Protocols that are stored with a choice changed are too many to list."""
    more = now[len(always) :]
    return (
        now if len(more) < 20 else (*always, f"or one of the {len(more)} changed ones in results/, such as {more[0]}")
    )


def parameters_table() -> Shown:
    """`accepted_words` as a table for a page."""
    found = accepted_words()
    rows = "".join(
        f"<tr><th><code>{name}</code></th><td>{html.escape(words)}</td></tr>" for name, words in found.items()
    )
    head = "<thead><tr><th>parameter</th><th>what it accepts</th></tr></thead>"
    return Shown(f'<table class="offers">{head}<tbody>{rows}</tbody></table>', found.to_string())


def notebooks_table() -> Shown:
    """`offered` as a table for a page, each notebook linked."""
    found = offered()
    head = "".join(f"<th>{html.escape(column)}</th>" for column in ("notebook", *found.columns[1:]))
    rows = "".join(_row(str(name), row) for name, row in found.iterrows())
    table = f'<table class="offers narrow"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    return Shown(f'<div class="scrolls">{table}</div>', found.to_string())


def _row(name: str, row: pd.Series) -> str:
    link = f'<a href="../notebooks/{name}.html" title="{html.escape(str(row["page"]))}"><code>{name}</code></a>'
    cells = "".join(f"<td>{html.escape(str(value))}</td>" for key, value in row.items() if key != "page")
    return f"<tr><th>{link}</th>{cells}</tr>"


def few_points(table: pd.DataFrame) -> str:
    """On how many tasks `select`'s rule trails random selection, with ten points and with a tenth, in Markdown.

    Parameters
    ----------
    table : DataFrame
        Curves under one protocol (`Results.curves`), of which the baseline and deterministic proportional by influence
        are compared, a task and kind of features at a time.
    """
    told, sizes = [], []
    for words, size in (("ten points", lambda n: 10), ("a tenth of all", lambda n: round(n / 10))):
        leads = []
        for _, panel in table.groupby(["task", "features"]):
            at = panel[panel.budget == size(panel.budget.max())]
            rule = at[(at.policy == "deterministic_proportional") & (at.score == "influence")].accuracy.mean()
            leads.append(rule - at[at.policy == "baseline"].accuracy.mean())
        known = [lead for lead in leads if not math.isnan(lead)]
        told.append(f"in {sum(lead < 0 for lead in known)} of {len(known)}")
        sizes.append(words)
    return (
        f"The points of largest influence trail as many random ones {told[0]} stored combinations of task and features "
        f"with {sizes[0]}, and {told[1]} with {sizes[1]}."
    )
