"""network_tables: how networks were trained, and what depends on which is taken, by hand."""

from effaug.images.weights import networks
from effaug.report import network_tables, reconstruction
from effaug.report.parameters import STORED
from effaug.study.protocols import RECONSTRUCTION, REPETITIONS
from effaug.study.results import Results

RESULTS = Results(STORED)


def test_networks_have_a_row_each_and_all_of_it_as_csv():
    exhibit = network_tables.networks(networks())
    assert tuple(exhibit.shows.index) == networks()
    accuracy = exhibit.shows["test accuracy"].astype(float)
    best = accuracy[[name.startswith("cifar10") for name in accuracy.index]].idxmax()
    assert f"{exhibit.shows['test accuracy'][best]} % by {best}" in exhibit.caption
    assert {"sha256", "precision", "hardware"} <= set(exhibit.numbers)


def test_aucs_over_other_networks_stand_beside_the_reconstructions():
    exhibit = network_tables.by_network(RESULTS)
    rows, of_networks = exhibit.shows, reconstruction.of_networks(RESULTS)
    first = RECONSTRUCTION["cifar10"][1]["weights"]
    assert rows.index.tolist() == [("CIFAR-10", name) for name in ("mean of 3", first, *REPETITIONS[first], "cifar10")]
    for (_, network), label in of_networks.items():
        pairs = reconstruction.published_pairs(RESULTS, "reconstruction" if network == "mean of 3" else label)
        pairs = pairs[pairs.task.str.startswith("cifar10")]
        row = rows.loc["CIFAR-10", network]
        assert row["within 3"] == f"{(pairs.difference.abs() <= 3).sum()} of 66"
        assert abs(float(row["median distance"]) - pairs.difference.abs().median()) <= 0.05 + 1e-9
        away = pairs[pairs.task == "cifar10-crop"].difference.median()
        assert abs(float(row.crop) - away) <= 0.05 + 1e-9
        assert f"{network}: {row['median distance']}" in exhibit.caption
    assert len(exhibit.origin.files) == 3 * (len(rows) - 1)  # a mean has no file of its own


def test_without_a_second_network_there_is_no_such_table(tmp_path):
    assert "Nothing is stored" in network_tables.by_network(Results(tmp_path)).caption
