"""Tables of the networks as pages show them: how they were trained, and what depends on which is taken."""

from __future__ import annotations

import pandas as pd

from effaug.images.weights import mean_image_response
from effaug.report import reconstruction, tables
from effaug.report.exhibits import Exhibit, Origin
from effaug.report.labels import dataset_label, human
from effaug.report.numbers import own
from effaug.report.panels import NINE
from effaug.report.published import DATASETS
from effaug.report.rounding import as_text, shown
from effaug.report.sources import rerun, study
from effaug.study.results import Results


def networks(names: tuple[str, ...]) -> Exhibit:
    """How each frozen network was trained, and how well it does."""
    whole = tables.networks_table(names).T
    few = whole[["test accuracy", "train accuracy", "depth", "epochs", "batch", "images", "augmented"]]
    accuracy = {name: float(shown_as) for name, shown_as in few["test accuracy"].items()}
    of_each = ([name for name in names if name.startswith(dataset)] for dataset in DATASETS)
    best = [max(own_names, key=accuracy.__getitem__) for own_names in of_each if own_names]
    told = "; ".join(f"{few['test accuracy'][name]} % by {name}" for name in best)
    says = f"Networks trained on all classes, and their accuracy in percent. The best on test images: {told}."
    chosen = names[0] if len(names) == 1 else "all"
    files = whole[["hardware", "minutes", "precision", "code", "sha256"]]
    where = Origin(files, rerun("networks", {"network": chosen}))
    return own("networks", few, says, origin=where, numbers=whole, deciding=("test accuracy",))


def mean_images(names: tuple[str, ...]) -> Exhibit:
    """How strongly each frozen network's first layer responds to the mean image."""
    column, known = "response to the mean image", tables.networks_table(names).T
    found = pd.DataFrame({column: {name: mean_image_response(name) for name in names}}).rename_axis("network")
    spans = [
        f"{shown(own_rows.min(), 1)} to {shown(own_rows.max(), 1)} on {dataset_label(dataset)}"
        for dataset, own_rows in found[column].groupby(found.index.str.split("-").str[0])
    ]
    says = (
        "The first layer's response to the mean image, in standard deviations of its responses to the training images: "
        f"{'; '.join(spans)}."
    )
    where = Origin(known[["code", "sha256"]], rerun("networks", {"network": names[0] if len(names) == 1 else "all"}))
    return own("mean-images", as_text(found, 1), says, origin=where, deciding=(column,))


def by_network(results: Results) -> Exhibit:
    """How much of the distance is the network's: `reconstruction.by_network`."""
    found = reconstruction.by_network(results)
    if found.empty:
        return own("by-network", found, "Nothing is stored.")
    networks_of = found.index.get_level_values("network")
    told = "; ".join(f"{network}: {shown(away, 1)}" for network, away in zip(networks_of, found["all"], strict=True))
    says = (
        "AUCs over each network, all else as reconstructed: the median difference from the published ones, of 1000, "
        f"by augmentation; the median distance ({told}); and how many are within {reconstruction.CLOSE}."
    )
    labels = set(reconstruction.of_networks(results).values())
    tasks = [task for task in NINE if task.split("-")[0] in found.index.unique("data set")]
    where = study(results, "auc_tables", tasks, lambda protocol, features: protocol in labels and features == "frozen")
    frame = human(as_text(found, 1)).rename(
        columns={"all": "median distance", "close": f"within {reconstruction.CLOSE}"}
    )
    return own("by-network", frame, says, origin=where, deciding=("median distance",))
