"""The machine that benchmarks run on: what it is, and how fast it multiplies matrices and moves memory."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

_SIZE, _BYTES, _REPEATS = 2048, 2**28, 5


@dataclass(frozen=True)
class Machine:
    """A description, and rates measured just before the suite runs.

    Attributes
    ----------
    model, blas, python, numpy : str
    cores : int
    gib : float
        Of memory.
    gpu : str
        Empty where there is none.
    flops : dict
        Operations a second of the matrix product, by ``float32/2``: type and threads.
    bandwidth : dict
        Bytes a second, read and written, of copying memory, by threads.
    """

    model: str
    cores: int
    gib: float
    blas: str
    python: str
    numpy: str
    gpu: str = ""
    flops: dict[str, float] = field(default_factory=dict)
    bandwidth: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        where = f"{self.gpu}, " * bool(self.gpu) + f"{self.model}, {self.cores} cores, {self.gib:g} GiB"
        products = ", ".join(f"{key} {rate / 1e9:.0f}" for key, rate in self.flops.items())
        copies = ", ".join(f"{key} {rate / 1e9:.0f}" for key, rate in self.bandwidth.items())
        return (
            f"{where}, {self.blas}, Python {self.python}, NumPy {self.numpy}\n"
            f"by threads: matrix product in GFLOP/s {products}; memory in GB/s {copies}"
        )

    def product(self, operations: float, dtype: str = "float32", threads: int = 1) -> float:
        """Seconds that so many operations take at the rate of the matrix product: 2 m n k for (m, k) @ (k, n)."""
        return operations / self.flops[f"{dtype}/{threads}"]

    def traffic(self, bytes_moved: float, threads: int = 1) -> float:
        """Seconds that moving so many bytes takes at the measured bandwidth."""
        return bytes_moved / self.bandwidth[str(threads)]


def measure(size: int = _SIZE, n_bytes: int = _BYTES) -> Machine:
    """This machine; its rates with 1 thread, 2, and one a core."""
    cores = os.cpu_count() or 1
    counts = sorted({1, 2, cores})
    return Machine(
        model=_model(),
        cores=cores,
        gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        blas=", ".join(sorted({_named(info) for info in threadpool_info() if info["user_api"] == "blas"})),
        python=platform.python_version(),
        numpy=np.__version__,
        gpu=_gpu(),
        flops={f"{t}/{k}": _product_rate(size, t, k) for t in ("float32", "float64") for k in counts},
        bandwidth={str(k): _copy_rate(n_bytes, k) for k in counts},
    )


def _product_rate(size: int, dtype: str, threads: int) -> float:
    a = np.random.default_rng(0).normal(size=(size, size)).astype(dtype)
    out = np.empty_like(a)
    with threadpool_limits(threads):
        return 2 * size**3 / _best(lambda: np.matmul(a, a, out=out))


def _copy_rate(n_bytes: int, threads: int) -> float:
    """Of memory that is copied: as many bytes are read as are written."""
    source = np.zeros(n_bytes // 8)
    source += 1
    target = np.empty_like(source)
    parts = [slice(k * len(source) // threads, (k + 1) * len(source) // threads) for k in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        return 2 * source.nbytes / _best(lambda: list(pool.map(lambda p: np.copyto(target[p], source[p]), parts)))


def _best(call: Callable[[], object]) -> float:
    times = []
    for _ in range(_REPEATS + 1):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times[1:])


def _named(info: dict[str, object]) -> str:
    return f"{info['internal_api']} {info['version']} ({info.get('architecture', '')})"


def _model() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _gpu() -> str:
    try:
        command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
