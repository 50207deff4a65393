"""Thumbnails of the points that policies choose first: one picture a data set, stored beside the results."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from effaug.images._files import write_whole
from effaug.study import digests
from effaug.study.protocols import NAMES, stored_as
from effaug.study.provenance import commit
from effaug.study.results import Results
from effaug.study.task_data import load_subset
from effaug.study.tasks import SOURCES, TASKS

N_FIRST = 16  # points a curve
LARGEST = 48  # pixels a side: larger images are halved
Curve = tuple[str, str, str, str]  # protocol as stored, features, score, policy


def first_chosen(task: str, arrays: Mapping[str, np.ndarray]) -> dict[Curve, list[int]]:
    """The points that seed 0 of each policy chooses first, under the named protocols.

    Parameters
    ----------
    task : str
    arrays : mapping of str to ndarray
        What is stored of its points: see `Results.points`.

    Returns
    -------
    dict
        By protocol as it is stored, features, score and policy: `N_FIRST` points, in the order of selection. Policies
        that draw another set for each budget have none.
    """
    labels, found = {stored_as(name, task) for name in NAMES}, {}
    for name, array in arrays.items():
        protocol, features, score, policy, seed, kind = name.split("/")
        if (kind, seed) == ("order", "0") and protocol in labels:
            found[protocol, features, score, policy] = array[:N_FIRST].tolist()
    return found


def make(results: Results, dataset: str, folder: Path | None = None) -> Path:
    """Write the thumbnails of all points that are chosen first on a data set's tasks; needs its images.

    Parameters
    ----------
    results : Results
        Whose orders decide which points; the file is ``images/<dataset>.json`` in their folder.
    dataset : str
    folder : path, optional
        Of the images: see `effaug.study.datasets.load`.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If there are no results of the data set.
    """
    tasks = [task for task in results.tasks() if task in TASKS and task.split("-")[0] == dataset]
    if not tasks:
        raise ValueError(f"no results of {dataset!r} in {results.folder.resolve()}; accepted: {', '.join(SOURCES)}")
    orders = [order for task in tasks for order in first_chosen(task, results.points(task)).values()]
    points = sorted({point for order in orders for point in order})
    subset = load_subset(tasks[0], folder=folder)  # the same points on all tasks
    images = reduced(subset.x_train[points])
    record = {
        "dataset": dataset,
        "points": points,
        "size": images.shape[1],
        "png": base64.b64encode(png(images.reshape(-1, *images.shape[2:]))).decode(),
        "data_sha256": subset.sha256,
        "code": commit(),
    }
    path = results.folder / "images" / f"{dataset}.json"
    write_whole(path, lambda part: part.write_text(json.dumps(digests.signed(record), indent=1) + "\n"))
    return path


def load(results: Results) -> dict[str, dict[str, Any]]:
    """The stored thumbnails by data set, as `make` wrote them.

    Returns
    -------
    dict
        ``points``, ascending; ``size``, pixels a side; ``png``, base64: the images of the points, one below the other.

    Raises
    ------
    ValueError
        If a file is damaged, or of other images than the results beside it.
    """
    found = {
        path.stem: digests.read(path, "points", "size", "png", "data_sha256")
        for path in sorted((results.folder / "images").glob("*.json"))
    }
    for task in results.tasks():
        dataset = task.split("-")[0]
        for label, run in results.record(task).items():
            if dataset in found and run.get("data_sha256") != found[dataset]["data_sha256"]:
                raise ValueError(
                    f"images/{dataset}.json in {results.folder} is of other images than {label} of {task}: "
                    f"`effaug thumbnails {dataset}` makes it anew"
                )
    return found


def reduced(images: np.ndarray) -> np.ndarray:
    """Images (k, h, w, c), halved by means of 2 x 2 pixels while they are larger than `LARGEST`."""
    while images.shape[1] > LARGEST:
        k, h, w, c = images.shape
        blocks = images.reshape(k, h // 2, 2, w // 2, 2, c)
        images = np.rint(blocks.mean((2, 4))).astype(np.uint8)
    return images


def png(pixels: np.ndarray) -> bytes:
    """A picture (h, w, c) of uint8, grey or in colour, as a PNG."""
    height, width, channels = pixels.shape
    left = np.pad(pixels, ((0, 0), (1, 0), (0, 0)))[:, :-1]
    filtered = (  # as it is, or less the pixel on the left: each row begins with the number of what was done
        np.insert(rows.reshape(height, -1), 0, number, axis=1) for number, rows in enumerate((pixels, pixels - left))
    )
    smallest = min((zlib.compress(rows.tobytes(), 9) for rows in filtered), key=len)
    header = struct.pack(">2I5B", width, height, 8, {1: 0, 3: 2}[channels], 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", smallest), (b"IEND", b""))
    chunks = (struct.pack(">I", len(d)) + kind + d + struct.pack(">I", zlib.crc32(kind + d)) for kind, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
