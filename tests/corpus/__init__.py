"""Broken inputs for every reader, made from a small whole one. No reader of image folders exists."""

from corpus import archives, notebooks, raw, stored, weights
from corpus.kinds import Broken, Reader

READERS: dict[str, Reader] = {
    reader.name: reader
    for module in (raw, archives, weights, stored, notebooks)
    for reader in vars(module).values()
    if isinstance(reader, Reader)
}
CASES: dict[str, tuple[Reader, Broken]] = {
    f"{reader.name}: {case}": (reader, broken) for reader in READERS.values() for case, broken in reader.broken.items()
}
