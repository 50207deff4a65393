"""Fuzz a reader with atheris, which looks for inputs that reach new code: python tests/fuzz.py READER --seconds N.

Atheris is not in the lock: pip install atheris (it has wheels for Linux). An input that is neither refused by name nor
read as it may be ends the run; it is written to ``crash-...`` in the folder of the seeds, and belongs into the corpus.
"""

import argparse
import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Fuzz one reader for so many seconds, from its whole input and its broken ones."""
    try:
        import atheris
    except ImportError:
        sys.exit("fuzz.py needs atheris, which is not in the lock: pip install atheris")
    with atheris.instrument_imports(include=["effaug", "tarfile", "zipfile", "numpy.lib"]):
        from corpus import READERS
        from corpus.kinds import MARKER, check, in_child
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=sorted(READERS))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seeds", type=Path, help="Folder that inputs are kept in; a new one unless named.")
    given = parser.parse_args()
    reader, folder = READERS[given.reader], Path(tempfile.mkdtemp(prefix="effaug-fuzz-"))
    seeds = given.seeds or Path(tempfile.mkdtemp(prefix="effaug-seeds-"))
    seeds.mkdir(parents=True, exist_ok=True)
    files = sorted(reader.fuzzed or reader.whole)
    reader.put(folder)
    whole = reader.read(folder)
    inputs = [reader.whole, *(broken.files for broken in reader.broken.values())]
    for number, each in enumerate(inputs):
        for k, file in enumerate(files):
            if isinstance(content := each.get(file), bytes):
                (seeds / f"{number:03}-{k}").write_bytes(bytes([k]) + content)

    def one(data: bytes) -> None:
        if not data:
            return
        reader.put(folder, {files[data[0] % len(files)]: data[1:]})
        if reader.isolated:
            outcome = in_child(lambda: check(reader, folder, whole))
            assert not outcome.error, outcome
        else:
            check(reader, folder, whole)
        assert not MARKER.exists()

    limits = [f"-max_total_time={given.seconds}", "-max_len=100000", "-rss_limit_mb=4096", "-timeout=60"]
    atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={seeds}/", str(seeds)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
