"""What the benchmarks' groups are, and why a case misses its target: words only, measured is whether it does."""

from __future__ import annotations

from fnmatch import fnmatch

GROUPS = {
    "influence": "Influence. The paper's way differentiates: the Hessian, and one gradient a point, by autograd.",
    "curves": "Curves. The plain loop grows arrays, fits scikit-learn cold at each budget, and scores by autograd.",
    "refits": "Many fits. The same features under other weights: effaug's refitter, against a fit from scratch.",
    "blocks": "Large data. From a memory-mapped file of float32; memory is that beyond the page cache.",
    "select": "Selecting. A thousand of many scores.",
    "k-dpp": "Diversity. One draw from a k-DPP with all that it needs, against DPPy given the same factor.",
    "networks": "Networks. Training many of them, against one Keras <code>fit</code> each.",
    "features": "Features. Images through a frozen network, against Keras's <code>predict</code> on a ready array.",
    "startup": "Starting up. From the command to its end.",
}
NOTES: dict[str, str] = {}  # of cases, by pattern


def note(name: str) -> str:
    """Why a case misses its target, as its profile tells; empty where nobody has written it.

    Examples
    --------
    >>> note("no such case")
    ''
    """
    return next((words for pattern, words in NOTES.items() if fnmatch(name, pattern)), "")
