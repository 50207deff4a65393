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
NOTES = {  # of cases, by pattern; the first that fits
    "fit-*-k10": "scikit-learn's L-BFGS forms no Hessian and stops where margins are off by up to a twentieth; ours "
    "ends at a Newton decrement that it reports, for which it takes one Hessian.",
    "fit-*": "The floor counts one Hessian. Newton's method takes at least another, and gradients, which read every "
    "row for few operations.",
    "scores-*": "Before rows are multiplied they are copied to float64, centred, and given a column of ones.",
    "influence-*": "Rows are copied and centred before they are multiplied. At 256 features and more, autograd's "
    "Hessian takes about as many operations as ours: products of a matrix and a vector, instead of two matrices.",
    "curves-*": "Most of it is L-BFGS, which reads all rows twice an iteration, as scikit-learn's does. The refitter's "
    "coordinates save iterations, not reading.",
    "features-*": "Ours are augmented, scaled, and stored on the disk in that time; the alternative's array is ready.",
}


def note(name: str) -> str:
    """Why a case misses its target, as its profile tells; empty where nobody has written it.

    Examples
    --------
    >>> note("no such case")
    ''
    """
    return next((words for pattern, words in NOTES.items() if fnmatch(name, pattern)), "")
