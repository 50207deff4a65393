"""The card that is shown where someone shares a page: the finding in one figure, drawn from ``results/``."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from effaug.study.results import Results

CARD = "card.png"

SUBTITLE = "Which points are worth augmenting? Kuchnik & Smith, ICLR 2019, from real images"
INCHES, DPI = (12, 6.3), 100  # 1200 x 630 pixels, which every site that shows cards takes


def draw(results: Results, title: str, file: Path) -> None:
    """Write the card as PNG."""
    import matplotlib.pyplot as plt

    from effaug.report import front

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


def start(app: Any) -> None:
    """Have the card drawn, by a process of its own, while the pages are read."""
    if app.builder.name != "html":
        return
    drawn = Path(app.outdir) / "_static" / CARD
    drawing = subprocess.Popen(
        [sys.executable, __file__, str(Path(app.srcdir) / "results"), app.config.html_title, str(drawn)]
    )

    def finish(app: Any, failure: Exception | None) -> None:
        if drawing.wait() and not failure:
            raise RuntimeError(f"{drawn} was not drawn")

    app.connect("build-finished", finish)


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("builder-inited", start)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    from effaug.study.results import Results

    draw(Results(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
