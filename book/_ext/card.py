"""The card that is shown where someone shares a page: the finding in one figure, drawn from ``results/``."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from shell import CARD
from sphinx.application import Sphinx

from effaug.report import front
from effaug.study.results import Results

SUBTITLE = "Which points are worth augmenting? Kuchnik & Smith, ICLR 2019, from real images"
INCHES, DPI = (12, 6.3), 100  # 1200 x 630 pixels, which every site that shows cards takes


def draw(results: Results, title: str, file: Path) -> None:
    """Write the card as PNG."""
    drawn = BytesIO()
    front.idea(results).savefig(drawn, format="png", dpi=150, facecolor="white")
    drawn.seek(0)
    card = plt.figure(figsize=INCHES, dpi=DPI, facecolor="white")
    card.text(0.04, 0.93, title, fontsize=32, weight="bold", va="center")
    card.text(0.04, 0.82, SUBTITLE, fontsize=19, va="center", color="#444444")
    figure = card.add_axes((0.04, 0.02, 0.92, 0.74))
    figure.imshow(plt.imread(drawn), interpolation="lanczos")
    figure.axis("off")
    file.parent.mkdir(parents=True, exist_ok=True)
    card.savefig(file, dpi=DPI)
    plt.close(card)


def write(app: Sphinx, failure: Exception | None) -> None:
    """Draw the card into the built book."""
    if not failure and app.builder.name == "html":
        draw(Results(Path(app.srcdir) / "results"), app.config.html_title, Path(app.outdir) / "_static" / CARD)


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
