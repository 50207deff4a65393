"""Figure 17: how long an epoch takes, by the number of images."""

from __future__ import annotations

import html

import numpy as np
import pandas as pd

from effaug.report.drawings import REFERENCE
from effaug.report.exhibits import Exhibit, Exhibits, Origin
from effaug.report.numbering import anchor, heading
from effaug.report.palette import BLUE
from effaug.report.rounding import shown
from effaug.report.sources import rerun
from effaug.report.style import axes_in, looks, sheet
from effaug.study.timing import linear_fit


def training_time(times: dict[str, dict], number: str = "17") -> Exhibits:
    """Seconds an epoch against training images, with the line through them, and what it leaves (Figure 17).

    Parameters
    ----------
    times : dict
        As `timing.load` gives them, an exhibit each.
    number : str
        Of the figure.
    """
    made: list[Exhibit] = []
    for name, record in times.items():
        measured, fitted = record["epoch_times"], linear_fit(record["epoch_times"])
        with looks():
            figure, (left, right) = sheet(2)
            above, below = axes_in(left), axes_in(right)
            x = np.array([0, measured["size"].max()])
            above.plot(x, fitted.intercept + fitted.slope * x, color=REFERENCE, lw=1.4, label="line")
            above.plot(measured["size"], measured.seconds, "o", color=BLUE, label="measured")
            above.set(title="Time of an epoch", ylabel="seconds", xlabel="training images", ylim=(0, None))
            below.plot(measured["size"], fitted.residuals, "o", color=BLUE)
            below.axhline(0, ls=":", color=REFERENCE, lw=1.2)
            below.set(title="Measured less the line", xlabel="training images", ylabel="seconds")
        hardware = html.escape(f"{name}, {record['hardware']}")
        slope, start = f"{shown(1000 * fitted.slope, 2)} ms an image", f"{shown(fitted.intercept, 2)} s"
        caption = (
            f"<b>{heading(number)}, {hardware}.</b> The time of an epoch is proportional to the number of images: "
            f"{slope} and {start} (R² = {shown(fitted.r_squared, 4)})."
        )
        if fitted.r_squared < _PROPORTIONAL:
            caption = caption.replace("is proportional to the number of images:", "grows with the number of images:")
        alts = (
            f"Seconds an epoch against training images, on {name}: {slope} and {start}",
            f"What the line leaves of the seconds an epoch, on {name}",
        )
        numbers = measured.set_index("size")
        anchors = () if made else (anchor(number),)
        made.append(
            Exhibit(f"{anchor(number)}-{name}", figure, caption, alts, numbers, timed({name: record}), anchors=anchors)
        )
    return Exhibits(tuple(made), "No times are stored.")


def timed(times: dict[str, dict]) -> Origin:
    """Where measured times are from."""
    rows = {name: {"file": f"results/timing/{name}.json", "code": record["code"]} for name, record in times.items()}
    files = pd.DataFrame.from_dict(rows, orient="index", columns=["file", "code"]).rename_axis("device")
    return Origin(files, rerun("training_time", {"device": next(iter(times))} if len(times) == 1 else {}))


_PROPORTIONAL = 0.99  # of R², from which on a line says it all
