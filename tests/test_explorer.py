"""The explorer: its numbers are those of results/, each choice has data or a command that runs, images are real."""

import base64
import io
import itertools
import json
import re
import shlex
import shutil
from pathlib import Path

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.datasets import load_digits
from typer.testing import CliRunner

from effaug.cli.main import app
from effaug.report import explorer, marks, notebooks, thumbnails
from effaug.report.published import published_aucs
from effaug.study import digests, validation
from effaug.study.protocols import NAMES, REPETITIONS, TABLE_POLICIES, stored_as
from effaug.study.results import Results

ROOT = Path(__file__).parent.parent
STORED = ROOT / "results"
VENDOR = ROOT / "book" / "vendor"
PAGE = (ROOT / "book" / "explorer.md").read_text()
SCRIPT = (VENDOR / "explorer.js").read_text()


@pytest.fixture(scope="module")
def data() -> dict:
    """What the page holds, as a browser reads it."""
    page = explorer.page(Results(STORED))
    (text,) = re.findall(r'<script type="application/json" id="explorer-data">(.*?)</script>', page, re.S)
    return json.loads(text)


@pytest.fixture(scope="module")
def runs(data) -> list[tuple[str, str, dict]]:
    """Every task, label of its run, and that run."""
    return [(task, label, run) for task, about in data["tasks"].items() for label, run in about["runs"].items()]


@pytest.fixture
def few(tmp_path) -> Path:
    """The stored results of one task, and its data set's thumbnails."""
    for suffix in ("csv", "json", "npz"):
        shutil.copy(STORED / f"digits-crop.{suffix}", tmp_path)
    (tmp_path / "images").mkdir()
    shutil.copy(STORED / "images" / "digits.json", tmp_path / "images")
    return tmp_path


def choices(data: dict):
    """Every choice that the page offers, and its run, if there is one."""
    for (task, about), score, protocol in itertools.product(data["tasks"].items(), data["labels"]["score"], NAMES):
        for features in about["features"]:
            dataset, augmentation = task.split("-")
            values = dict(zip(("dataset", "augmentation"), (dataset, augmentation), strict=True))
            values |= {"score": score, "features": features, "protocol": protocol}
            yield values, about["runs"].get(f"{about['protocols'][protocol]}/{features}")


def pictures(record: dict) -> dict[int, np.ndarray]:
    """The stored images by point, out of their common picture."""
    sheet = matplotlib.image.imread(io.BytesIO(base64.b64decode(record["png"])), format="png")
    whole = np.rint(255 * sheet).astype(np.uint8).reshape(len(record["points"]), record["size"], record["size"], -1)
    return dict(zip(record["points"], whole, strict=True))


def test_curves_are_means_and_t_intervals_of_the_stored_rows(runs):
    stored = {path.stem: pd.read_csv(path, keep_default_na=False) for path in STORED.glob("*.csv")}
    compared = 0
    for task, label, run in runs:
        protocol, features = label.split("/")
        first = protocol.partition("weights=")[2]  # means over networks that are repetitions: worked out by hand
        over = [protocol, *(protocol.replace(first, other) for other in REPETITIONS.get(first, ()))]
        assert run["stored_as"] == over
        assert run["networks"] == ([first, *REPETITIONS[first]] if len(over) > 1 else [])
        frames = [stored[task][lambda f, p=p, k=features: (f.protocol == p) & (f.features == k)] for p in over]
        groups = [dict(list(frame.groupby(["score", "policy"]))) for frame in frames]
        assert {(curve["score"], curve["policy"]) for curve in run["curves"]} == set(groups[0]).intersection(*groups)
        for curve in run["curves"]:
            each = [rows[curve["score"], curve["policy"]] for rows in groups]
            wides = [100 * own.pivot(index="seed", columns="budget", values="accuracy") for own in each]
            budgets = np.mean([wide.columns for wide in wides], axis=0).round().astype(int).tolist()
            wide = pd.DataFrame(np.mean([wide.to_numpy() for wide in wides], axis=0), columns=budgets)
            assert (curve["budgets"], curve["seeds"]) == (budgets, len(wide))
            np.testing.assert_allclose(curve["mean"], wide.mean(), rtol=0, atol=0.005 + 1e-9)
            if len(wide) == 1:
                assert set(curve["half"]) == {None}
            else:
                error = wide.std(ddof=1) / np.sqrt(len(wide))
                half = stats.t.interval(0.95, len(wide) - 1)[1] * error
                np.testing.assert_allclose(curve["half"], half, rtol=0, atol=0.005 + 1e-9)
            if "auc" in curve:
                areas = np.trapezoid(wide / 100, wide.columns, axis=1) * 1000 / wide.columns[-1]
                assert float(curve["auc"]) == pytest.approx(areas.mean(), abs=0.005 + 1e-9)
                assert (
                    not curve["sd"]
                    if len(areas) == 1
                    else float(curve["sd"]) == pytest.approx(areas.std(ddof=1), abs=0.005)
                )
            compared += len(curve["mean"])
    assert compared > 5000


def test_the_policies_of_the_tables_have_their_published_aucs(runs):
    published = published_aucs().set_index(["task", "score", "policy"])
    seen = set()
    for task, _, run in runs:
        for curve in (curve for curve in run["curves"] if curve["policy"] in TABLE_POLICIES):
            for score, (mean, sd, ahead) in curve["paper"].items():
                row = published.loc[(task, score, curve["policy"])]
                assert float(mean) == pytest.approx(row.auc_mean, abs=0.005 + 1e-9)
                assert (not sd) == np.isnan(row.auc_std)
                assert float(ahead) == pytest.approx(float(curve["auc"]) - float(mean), abs=1e-9)
                seen.add((task, score, curve["policy"]))
    assert seen == set(published.index)


def test_every_stored_curve_of_a_named_protocol_is_offered(data):
    for task, about in data["tasks"].items():
        frame = pd.read_csv(STORED / f"{task}.csv")
        named = frame[frame.protocol.isin([stored_as(name, task) for name in NAMES])]
        assert {f"{p}/{f}" for p, f in zip(named.protocol, named.features, strict=True)} == set(about["runs"])
        assert about["protocols"] == {name: stored_as(name, task) for name in NAMES}


def test_the_page_begins_with_a_choice_that_is_stored(data):
    default = data["default"]
    (run,) = (run for values, run in choices(data) if values.items() <= default.items())
    there = {curve["policy"] for curve in run["curves"] if curve["score"] in ("", default["score"])}
    assert set(default["policies"]) <= there
    assert default["budget"] in run["budgets"]


def test_the_notebooks_take_the_commands_of_every_choice(data):
    taken = 0
    for values, run in choices(data):
        for curve in run["curves"] if run else ():
            name = curve["notebook"]
            if not name or curve["score"] not in ("", values["score"]):
                continue
            words = shlex.split(data["commands"][name].format(**values, n_seeds=run["seeds"]))
            assert words[:4] == ["effaug", "notebook", "run", name]
            assert set(words[4::2]) == {"-p"}
            given = notebooks.parameters(name, words[5::2])
            assert {key: given[key] for key in values.keys() & given} == {
                key: value for key, value in values.items() if key in given
            }
            assert given["n_seeds"] == run["seeds"]
            assert {"dataset", "augmentation", "features", "protocol"} <= set(given)
            taken += 1
    assert taken > 500


def test_a_notebook_is_named_for_every_policy_but_those_that_all_show(runs):
    for _, _, run in runs:
        for curve in run["curves"]:
            assert (curve["notebook"] == "") == (curve["policy"] in ("baseline", "full"))


def test_what_is_not_stored_has_a_command_that_computes_it(data, tmp_path):
    lacking = [values for values, run in choices(data) if run is None or not by(run, values["score"])]
    assert lacking, "else there is nothing for the page to say"
    values = next(v for v in lacking if v["dataset"] == "digits")
    line = data["commands"]["run"].format(**values) + f" --policies random_proportional --seeds 1 --results {tmp_path}"
    done = CliRunner().invoke(app, shlex.split(line)[1:])
    assert done.exit_code == 0, done.output
    task, label = f"{values['dataset']}-{values['augmentation']}", stored_as(values["protocol"], "digits-crop")
    key = (label, values["features"], values["score"], "random_proportional", 0)
    assert key in Results(tmp_path).done(task)


def by(run: dict, score: str) -> list[dict]:
    return [curve for curve in run["curves"] if curve["score"] == score]


def test_what_is_known_against_the_numbers_is_told_beside_them(runs):
    told = {task.split("-")[0]: " ".join(run["caveats"]) for task, _, run in runs}
    assert "80 ships and horses were unavailable" in told["cifar10"]
    assert "JPEG" in told["smallnorb"]
    assert not told["digits"]
    assert '<details id="ex-caveats">' in PAGE


def test_the_points_chosen_first_are_those_of_the_stored_orders(runs):
    arrays = {task: Results(STORED).points(task) for task in {task for task, _, _ in runs}}
    ordered = 0
    for task, label, run in runs:
        names = ("labels", *(f"{score}_before" for score in run["point_scores"]))
        full = {name: arrays[task][f"{label}//full/0/{name}"] for name in names}
        for curve in run["curves"]:
            order = arrays[task].get(f"{label}/{curve['score']}/{curve['policy']}/0/order", [])
            assert curve["first"] == [int(point) for point in order[: thumbnails.N_FIRST]]
            ordered += len(curve["first"]) > 0
        assert set(run["points"]) == {str(point) for curve in run["curves"] for point in curve["first"]}
        for point, (kind, *scores) in run["points"].items():
            assert kind == full["labels"][int(point)]
            for name, text in zip(run["point_scores"], scores, strict=True):
                assert float(text) == pytest.approx(full[f"{name}_before"][int(point)], rel=0.06)
    assert ordered > 500


def test_every_point_that_is_chosen_first_has_an_image(data, runs):
    for task, _, run in runs:
        points = data["thumbnails"][task.split("-")[0]]["points"]
        assert {int(point) for point in run["points"]} <= set(points)
        assert points == sorted(set(points))


def test_the_images_are_those_that_the_results_hold_of_the_same_points(data):
    compared = dict.fromkeys(data["thumbnails"], 0)
    for task in data["tasks"]:
        dataset = task.split("-")[0]
        ours = pictures(data["thumbnails"][dataset])
        arrays = Results(STORED).points(task)
        for name in (name for name in arrays if name.endswith("/shown")):
            shown, images = arrays[name], thumbnails.reduced(arrays[name.replace("/shown", "/images")])
            for point, image in zip(shown.tolist(), images, strict=True):
                if point in ours:
                    np.testing.assert_array_equal(ours[point][..., : image.shape[-1]], image)
                    compared[dataset] += 1
    assert min(compared.values()) > 20, compared


def test_the_digits_are_scikit_learns(data):
    images, kinds = load_digits(return_X_y=True)
    train = images[:1000][np.isin(kinds[:1000], (3, 8))].reshape(-1, 8, 8)
    for point, picture in pictures(data["thumbnails"]["digits"]).items():
        np.testing.assert_allclose(picture[..., 0] / 255, train[point] / 16, atol=0.5 / 255 + 1e-9)


def test_thumbnails_made_anew_are_the_stored_ones(few):
    (few / "images" / "digits.json").unlink()
    for suffix in ("csv", "json", "npz"):
        for kind in ("rotate", "translate"):
            shutil.copy(STORED / f"digits-{kind}.{suffix}", few)
    done = CliRunner().invoke(app, ["thumbnails", "--results", str(few)])
    assert (done.exit_code, done.output) == (0, f"{few / 'images' / 'digits.json'}\n")
    made, stored = (digests.read(folder / "images" / "digits.json") for folder in (few, STORED))
    assert made["points"] == stored["points"]
    for point, image in pictures(made).items():
        np.testing.assert_array_equal(image, pictures(stored)[point])


@pytest.mark.realdata
@pytest.mark.parametrize("dataset", ["mnist", "cifar10", "smallnorb"])
def test_thumbnails_made_anew_from_the_data_are_the_stored_ones(dataset, real_data, tmp_path):
    for path in STORED.glob(f"{dataset}-*"):
        shutil.copy(path, tmp_path)
    thumbnails.make(Results(tmp_path), dataset, real_data)
    made, stored = (digests.read(folder / "images" / f"{dataset}.json") for folder in (tmp_path, STORED))
    assert (made["points"], made["data_sha256"]) == (stored["points"], stored["data_sha256"])
    for point, image in pictures(made).items():
        np.testing.assert_array_equal(image, pictures(stored)[point])


def test_unknown_and_unstored_data_sets_have_no_thumbnails(few):
    for name in ("mnist", "faces"):
        with pytest.raises(ValueError, match=f"no results of '{name}' in .*; accepted: mnist, cifar10, smallnorb"):
            thumbnails.make(Results(few), name)


def test_damaged_thumbnails_are_refused_and_named(few):
    path = few / "images" / "digits.json"
    (check,) = (check for check in validation.stored(Results(few)) if check.name == "images/digits")
    assert check.passed
    path.write_text(path.read_text().replace('"size": 8', '"size": 9'))
    with pytest.raises(ValueError, match=r"digits\.json is damaged \(its digest is not that of its content\)"):
        explorer.page(Results(few))
    (check,) = (check for check in validation.stored(Results(few)) if check.name == "images/digits")
    assert not check.passed


def test_thumbnails_of_other_images_than_the_results_are_refused(few):
    path = few / "images" / "digits.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps(digests.signed(record | {"data_sha256": {"x_train": "other"}})))
    with pytest.raises(
        ValueError, match=r"images/digits\.json in .* is of other images than .* of digits-crop: `effaug"
    ):
        explorer.page(Results(few))


def test_results_without_thumbnails_have_a_page_without_images(few):
    shutil.rmtree(few / "images")
    found = explorer.data(Results(few))
    assert (list(found["tasks"]), found["thumbnails"]) == (["digits-crop"], {})


@pytest.mark.parametrize("channels", [1, 3])
def test_a_png_is_read_back_as_it_was(channels):
    pixels = np.random.default_rng(0).integers(0, 256, (7, 5, channels), dtype=np.uint8)
    read = np.rint(255 * matplotlib.image.imread(io.BytesIO(thumbnails.png(pixels)), format="png")).astype(int)
    np.testing.assert_array_equal(read.reshape(7, 5, -1), pixels)


def test_large_images_are_halved_by_means():
    images = np.arange(96 * 96, dtype=np.uint32).reshape(1, 96, 96, 1) % 251
    small = thumbnails.reduced(images.astype(np.uint8))
    assert small.shape == (1, 48, 48, 1)
    assert small[0, 3, 5, 0] == np.rint(images[0, 6:8, 10:12, 0].mean())
    assert thumbnails.reduced(small) is small


def luminance(colour: str) -> float:
    parts = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    return float(
        np.dot([0.2126, 0.7152, 0.0722], np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4))
    )


def test_policies_are_told_apart_without_colour_and_seen_in_both_themes(data):
    drawn = {name for _, run in choices(data) if run for name in (curve["policy"] for curve in run["curves"])}
    assert drawn - {"full"} == set(data["marks"])
    assert len({tuple(mark[1:]) for mark in data["marks"].values()}) == len(data["marks"])
    for colour in marks.COLOURS.values():
        for background in ("#ffffff", "#121212"):
            low, high = sorted((luminance(colour), luminance(background)))
            assert (high + 0.05) / (low + 0.05) >= 3, (colour, background)
    for _, symbol, _, _ in data["marks"].values():
        assert f"t.symbol{symbol.capitalize()}=" in (VENDOR / explorer.SCRIPTS[0]).read_text(), symbol


def test_every_name_that_a_reader_sees_is_a_label(data):
    for kind, known in data["labels"].items():
        assert all(label and "_" not in label for label in known.values()), kind
    assert set(data["marks"]) | {"full"} == set(data["labels"]["policy"])


def test_the_script_asks_for_parts_that_the_page_has():
    asked = set(re.findall(r'byId\("([\w-]+)"\)', SCRIPT))
    assert asked <= {name.removeprefix("ex-") for name in re.findall(r'id="([\w-]+)"', PAGE)}
    assert len(asked) > 10


def test_vendored_scripts_have_their_versions_and_licences():
    for name in explorer.SCRIPTS[:2]:
        package, version = re.fullmatch(r"(\w+)-([\d.]+\d)(\.umd)?\.min\.js", name).group(1, 2)
        assert version in (VENDOR / name).read_text()[:60]
        assert "Permission to use, copy, modify" in (VENDOR / f"{package}-{version}.LICENSE.txt").read_text()
        assert version in (ROOT / "README.md").read_text()


def test_the_page_and_all_it_needs_of_its_own_are_small(data):
    own = sum((VENDOR / name).stat().st_size for name in (*explorer.SCRIPTS, "explorer.css"))
    assert own + len(explorer.page(Results(STORED))) < 2_000_000
