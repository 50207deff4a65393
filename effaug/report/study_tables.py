"""Our own tables as pages show them: protocols, networks, and where text and code part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from effaug.report import discrepancies, paper_tables, reconstruction, sensitivity, withstood
from effaug.report.comparisons import paired_aucs
from effaug.report.exhibits import Exhibit, Exhibits, Origin
from effaug.report.labels import choice_label, dataset_label, human, protocol_label
from effaug.report.numbers import own
from effaug.report.panels import NINE
from effaug.report.parameters import ParameterError
from effaug.report.published import DATASETS, published_features
from effaug.report.rounding import as_text, shown
from effaug.report.sources import origin, rerun, study
from effaug.study.protocols import NAMES, PROTOCOLS, stored_as
from effaug.study.records import repetitions
from effaug.study.results import Results

if TYPE_CHECKING:
    from pathlib import Path

    from effaug.report.view import View

_INTERVAL, _NOTHING = "95 % interval", "Nothing is stored."


def agreement(results: Results) -> Exhibit:
    """How close each protocol's AUCs are to the published ones: `reconstruction.agreement`."""
    found = reconstruction.agreement(results, NAMES)
    every = found.xs("all", level="data set")["median |difference|"]
    each = "; ".join(f"{protocol_label(str(name))}: {shown(away, 1)}" for name, away in every.items())
    says = f"How far our AUCs are from the 198 published ones, of 1000 in the median ({each})."
    named = human(as_text(found, 2)).rename({"all": "all data sets"})
    frame = named.rename(columns={"median |difference|": "median distance"})
    where = study(results, "protocols", NINE, lambda protocol, features: protocol in PROTOCOLS)
    return own("agreement", frame, says, origin=where, deciding=("median distance",))


def distances(view: View) -> Exhibits:
    """How far each combination of settings is from the published numbers, a table for each of a view's data sets."""
    found, results = [], view.results
    for dataset in [name for name in DATASETS if name in {task.split("-")[0] for task in view.tasks}]:
        task, named = f"{dataset}-translate", {}
        labels: set[str] = set()
        for name, of_task in reconstruction.combinations(results, dataset).items():
            over = {each: repetitions(results.record(each), label) for each, label in of_task.items()}
            labels.update(*over.values())
            n = len(over[task])
            named[protocol_label(name)] = protocol_label(name) + f", in the mean of {n} networks" * (n > 1)
        frame = human(as_text(reconstruction.distances(results, dataset), 2)).rename(index=named)
        chosen = protocol_label(stored_as("reconstruction", task))
        means = [each.rpartition("weights=")[2] for each in results.labels(task, "reconstruction")[1:]]
        told = named.get(chosen, chosen)
        says = f"{dataset_label(dataset)}: the reconstruction is {told}, of {len(frame)} combinations."
        says += f" The other networks are {' and '.join(means)}." * bool(means)
        tasks = [each for each in NINE if each.startswith(dataset)]
        where = study(results, "protocols", tasks, _within(labels, published_features(task)), dataset=dataset)
        found.append(own("distances", frame, says, dataset, origin=where, deciding=("distance",)))
    return Exhibits(tuple(found))


def _within(labels: set[str], features: str):
    return lambda protocol, kind: protocol in labels and kind == features


def side_by_side(view: View) -> Exhibits:
    """Table 1 under each protocol."""
    others = ((name, view.other(protocol=name)) for name in NAMES)
    return Exhibits(tuple(paper_tables.table_1(other, "protocols", "side-by-side", name) for name, other in others))


def varied(view: View, found: pd.DataFrame) -> Exhibit:
    """`sensitivity.sensitivity` as a table: the accuracies behind the figure of the gain against C."""
    if found.empty:
        return own("sensitivity", found, _NOTHING)
    ahead = found["influence - baseline"] > 0
    says = (
        f"10 % by influence are ahead of 10 % at random in {int(ahead.sum())} of {len(found)} settings. "
        "Accuracies in percent, differences in points."
    )
    frame, tasks = human(_settings(as_text(found, 2))), tuple(found.index.unique("task"))
    where = study(view.results, "sensitivity", tasks, sensitivity.is_swept(view.results), **view.parameters)
    fold = f"All {len(found)} settings"
    return own("sensitivity", frame, says, origin=where, deciding=("influence \u2212 random",), fold=fold)


def _settings(found: pd.DataFrame) -> pd.DataFrame:
    """The settings of `sensitivity.sensitivity` in words, for rows that name them one after the other."""
    mean = {"kept": "mean image kept", "subtracted": "mean image subtracted", "": ""}
    level = {value: f"C = {value}" for value in found.index.unique("C")} | {"cv": "C cross-validated"}
    named = found.rename(index=mean, level="mean image").rename(index=level, level="C")
    return named.rename_axis(index={"mean image": "image", "C": "regularisation"})


def longer_training(view: View) -> Exhibit:
    """AUCs of the text's networks trained for 40 epochs and for 100."""
    try:
        text, longer = view.other(protocol="paper"), view.other(protocol="paper+epochs=100")
    except ParameterError:  # nothing is stored under the second
        return own("longer-training", pd.DataFrame(), _NOTHING)
    found = paired_aucs(text, longer, ("40 epochs", "100 epochs"))
    if found.empty:
        return own("longer-training", found, _NOTHING)
    gained = pd.to_numeric(found["difference"])
    says = (
        "The text's settings, with networks trained for 40 epochs and for 100. Longer training changes the AUC by "
        f"{shown(gained.min(), 1, '+')} to {shown(gained.max(), 1, '+')}."
    )
    frame = human(found).rename(columns={"paper": "published"})
    where = origin(longer, "auc_tables")
    return own("longer-training", frame, says, origin=where, deciding=("difference",))


def gains(results: Results, found: pd.DataFrame) -> Exhibit:
    """What influence gains under C = 1 and C = 10, beside what augmenting everything gains."""
    if found.empty:
        return own("gains", found, _NOTHING)
    kept = found[found.index.get_level_values("C").isin(["1.0", "10.0"])]
    frame = human(_settings(as_text(kept, 2))[["full - none", "influence - baseline", "±", "seeds"]])
    ahead = int((kept["influence - baseline"] > 0).sum())
    says = f"With C = 1 or 10, influence is ahead in {ahead} of {len(kept)} settings. Differences in percentage points."
    where = study(results, "text_against_code", NINE, sensitivity.is_swept(results))
    fold = f"All {len(kept)} settings"
    return own("gains", frame, says, origin=where, deciding=("influence \u2212 random",), fold=fold)


def correlation(results: Results, found: pd.DataFrame) -> Exhibit:
    """Whether influence gains more where augmenting everything gains more."""
    if found.empty:
        return own("correlation", found, _NOTHING)
    table = sensitivity.gain_correlation(found)
    rank = table["rank correlation"].get("all", float("nan"))
    says = f"The gain by influence goes along with that of augmenting all: rank correlation {shown(rank, 2)}."
    where = study(results, "text_against_code", NINE, sensitivity.is_swept(results))
    frame = human(as_text(table, 2)).rename({"all": "all data sets"})
    return own("correlation", frame, says, origin=where, deciding=("rank correlation",))


def listed() -> Exhibit:
    """Where text and code part."""
    found = discrepancies.listed()
    swapped = int((found.choice != "").sum())
    says = f"{len(found)} places where text and code part. {swapped} are choices of a protocol, which can be swapped."
    frame = human(found).rename(columns={"text": "the text", "code": "the released code"}).rename_axis("no.")
    return own("discrepancies", frame, says, origin=Origin(pd.DataFrame(), rerun("text_against_code", {})))


def choices(results: Results, protocol: str) -> Exhibit:
    """What swapping one choice changes: `discrepancies.isolated`."""
    found = discrepancies.isolated(results, protocol)
    if found.empty:
        return own("choices", found, _NOTHING)
    low, high = (pd.to_numeric(found[side]) for side in ("low", "high"))
    decided = int(((low > 0) | (high < 0)).sum())
    frame = _with_interval(found, "change")
    says = (
        f"One choice swapped under {protocol_label(protocol)}: by how much influence's gain over random selection "
        f"changes, in percentage points. The 95 % interval excludes 0 in {decided} of {len(found)} rows."
    )
    where = study(results, "text_against_code", NINE, _from(protocol), protocol=protocol)
    numbered = [(f"{number}: {choice_label(choice)}", task) for number, choice, task in frame.index]
    frame.index = pd.MultiIndex.from_tuples(numbered, names=["choice swapped", "task"])
    return own("choices", human(frame), says, origin=where, deciding=("change", _INTERVAL))


def _from(protocol: str):
    return lambda name, features: features == "frozen" and (name == protocol or name.startswith(f"{protocol}~"))


def _with_interval(found: pd.DataFrame, effect: str) -> pd.DataFrame:
    """An effect and its interval side by side, the interval as one column; as it is where there is none."""
    if "low" not in found:
        return found
    told = [f"{low} to {high}" if low != "-" else "-" for low, high in zip(found.low, found.high, strict=True)]
    frame = found.drop(columns=["low", "high"])
    frame.insert(list(frame).index(effect) + 1, _INTERVAL, told)
    return frame


def divided_twice(results: Results) -> Exhibit:
    """Small NORB with pixels divided by 255 once and twice."""
    found = discrepancies.divided_twice(results)
    frame = human(_with_interval(found, "gain"))
    says = (
        "Small NORB with pixels divided by 255 once and twice: accuracy in percent, and what 10 % by influence gains."
    )
    norb = [task for task in NINE if task.startswith("smallnorb")]
    protocols = set(found.index.get_level_values("protocol"))
    where = study(results, "text_against_code", norb, _within(protocols, "frozen"))
    return own("divided-twice", frame, says, origin=where, deciding=("none", "full"))


def mean_kept(results: Results) -> Exhibit:
    """Small NORB's level and order by how much of the mean image is kept: `reconstruction.mean_kept`."""
    found = reconstruction.mean_kept(results)
    if found.empty:
        return own("mean-kept", found, _NOTHING)
    norb = found.index.unique("task")
    spans = []
    for kept, rows in found.groupby("kept", sort=False):
        if rows.index.unique("task").size == norb.size:
            away = [shown(end, 0, "+") for end in (rows.difference.min(), rows.difference.max())]
            rank = [shown(end, 2) for end in (rows["rank correlation"].min(), rows["rank correlation"].max())]
            spans.append(f"{kept} kept: {' to '.join(away)} and {' to '.join(rank)}")
    says = (
        "Small NORB where a share of the mean image is kept: the median difference of the AUCs by influence from the "
        f"published ones, of 1000, and the rank correlation with their order ({'; '.join(spans)}). The response is the "
        "first layer's, in standard deviations; accuracies in percent."
    )
    labels = {label for task in norb for label in reconstruction.probes(results, task).values()}
    where = study(results, "text_against_code", norb, _within(labels, "frozen"))
    frame = as_text(found if found.index.unique("network").size > 1 else found.droplevel("network"), 2)
    return own("mean-kept", human(frame), says, origin=where, deciding=("difference", "rank correlation"))


def best_round(results: Results, protocol: str) -> Exhibit:
    """Table 1's best policy by both definitions."""
    found = discrepancies.best_by_both(results, protocol)
    says = "The best policy by its mean over five rounds and by its best single round; accuracy in percent."
    where = study(results, "text_against_code", {task for task, _ in found.index}, lambda p, f: p == protocol)
    frame = human(found)
    return own("best-round", frame, says, origin=where, deciding=("5 %",))


def ridge(results: Results) -> Exhibit:
    """Influence by e^loss - 1 under three ridges: `discrepancies.interpolation`."""
    protocols = ("paper", "released-code", "paper~ridge")
    found = discrepancies.interpolation(results, protocols)
    says = "Median over the points of influence by e<sup>loss</sup> \u2212 1: 1 where the Hessian interpolates."
    where = study(results, "text_against_code", NINE, _within(set(protocols), "frozen"))
    frame = human(found).rename(columns=protocol_label)
    return own("ridge", frame, says, origin=where, deciding=(protocol_label("paper~ridge"),))


def seeds(results: Results, protocol: str) -> Exhibit:
    """How much the AUC changes with the seed: `discrepancies.seed_spread`."""
    found = discrepancies.seed_spread(results, protocol)
    says = "Standard deviation over seeds of the AUC (1000 is perfect)."
    where = study(results, "text_against_code", NINE, lambda name, _: name == protocol, protocol=protocol)
    return own("seeds", human(found), says, origin=where, deciding=("random", "random proportional"))


def faults(folder: Path, fault: str = "all") -> Exhibit:
    """What befell effaug, and how often; all of it was withstood."""
    found = withstood.totals(folder, fault)
    says = f"{found.times.sum():,} faults, all withstood."
    return own("faults", found, says, origin=_counted(folder, fault), deciding=("times",))


def targets(folder: Path, fault: str = "all") -> Exhibit:
    """The same by what it befell."""
    found = withstood.counts(folder, fault)
    says = "The same by what each fault befell."
    fold = f"All {len(found)} targets"
    return own("targets", found, says, origin=_counted(folder, fault), deciding=("times",), fold=fold)


def _counted(folder: Path, fault: str) -> Origin:
    files = pd.DataFrame({"file": [f"{folder.name}/{withstood.FILE}"], **withstood.about(folder)}).set_index("machine")
    return Origin(files, ("make torture", *rerun("withstood", {"fault": fault})))
