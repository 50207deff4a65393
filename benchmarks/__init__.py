"""The benchmark suite: `python -m benchmarks`. Each module that has a function `cases` adds to it."""
