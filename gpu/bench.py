"""The benchmark suite on a GPU, by JAX: networks fitted anew and features, beside what Keras alone takes there.

    python gpu/bench.py [CASE ...]              # on a GPU, from the checkout: into results/bench/gpu.json
    python gpu/bench.py --rehearsal [CASE ...]  # on a CPU, nothing stored: whether everything is there

Needs effaug's extras and a JAX that sees the GPU (pip install 'jax[cuda13]').
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

GROUPS = ("networks", "features")  # of cases that compute by Keras
REHEARSED = ("features-lenet",)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="or groups, of python -m benchmarks --list")
    parser.add_argument("--rehearsal", action="store_true", help="on a CPU, and nothing stored")
    asked = parser.parse_args()
    os.environ["KERAS_BACKEND"] = "jax"  # before Keras is imported
    if asked.rehearsal:
        os.environ["JAX_PLATFORMS"] = "cpu"
    try:
        import jax
    except ImportError:
        parser.error("JAX is not installed: pip install 'jax[cuda13]' for a GPU, jax for a rehearsal")
    if not asked.rehearsal and jax.default_backend() == "cpu":
        parser.error("JAX sees no GPU; --rehearsal computes on a CPU")
    from benchmarks import __main__ as suite

    cases = asked.cases or (REHEARSED if asked.rehearsal else GROUPS)
    sys.argv[1:] = [*(["--no-store"] if asked.rehearsal else ["--store", "gpu"]), *cases]
    return suite.main()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    sys.exit(main())
