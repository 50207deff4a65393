"""What is said to be stored is on the disk: synced before it has its name, and its name before anything follows."""

import os
from pathlib import Path

import pytest
from torture_targets import TASK

STORED = {  # by the names of `torture_states.TARGETS`: what gets its name there
    "run": {f"results/{TASK}.csv", f"results/{TASK}.json", f"results/{TASK}.npz", "cache/features.npy"},
    "reproduce": {f"again/{TASK}.csv", f"again/{TASK}.json", f"again/{TASK}.npz", "cache/features.npy"},
    "featurising": {"cache/net.npz", "cache/features.json", "cache/features.npy"},
    "downloading": {"data/mnist.npz"},
    "saving results": {"results/toy.csv", "results/toy.json", "results/toy.npz"},
    "measuring": {"results/timing/cpu.json", "results/torture/counts.json"},
    "train-cnn": {"weights/cifar10.weights.h5", "weights/cifar10.json", "weights/.cifar10.checkpoint/state.json"},
}
PASSING = ("raw", ".part")  # what a download holds until its archive is stored: it has checksums of its own


def kind(path: str, folder: Path) -> str:
    """A path below a folder, without the key of what is cached."""
    name = Path(path)
    stem = name.name if name.parent.name != "cache" else name.stem.split("-")[0] + name.suffix
    return os.path.relpath(name.with_name(stem), folder)


def passes(path: str) -> bool:
    return any(part.endswith(PASSING) for part in Path(path).parts)


@pytest.mark.torture
@pytest.mark.parametrize("name", STORED)
def test_a_file_is_on_the_disk_before_it_has_its_name_and_its_name_before_anything_follows(name, undisturbed):
    moments, folder = undisturbed.whole(name).child.moments, undisturbed.folder / name
    seen = set()
    for k, (event, *paths) in enumerate(moments):
        if event == "os.rename" and not passes(paths[1]):
            part, path = paths
            touched = [moment for moment in moments[:k] if moment[1] == part]
            assert touched[-1] == ["fsync", part], path
            assert moments[k + 1] == ["fsync", os.path.dirname(path)], path
            seen.add(kind(path, folder))
    assert seen >= STORED[name]


@pytest.mark.torture
@pytest.mark.parametrize("name", sorted(STORED.keys() - {"downloading"}))  # into a folder that is there
def test_a_new_folder_is_on_the_disk_before_a_file_in_it_is_stored(name, undisturbed):
    moments = undisturbed.whole(name).child.moments
    made = [(k, paths[0]) for k, (event, *paths) in enumerate(moments) if event == "os.mkdir"]
    assert made
    for k, folder in made:
        stored = next(n for n, (event, *paths) in enumerate(moments) if event == "os.rename" and folder in paths[1])
        assert ["fsync", os.path.dirname(folder)] in moments[k:stored]


@pytest.mark.torture
def test_the_weights_of_an_epoch_are_on_the_disk_before_the_checkpoint_names_them(undisturbed):
    moments, epochs = undisturbed.whole("train-cnn").child.moments, []
    for k, (event, *paths) in enumerate(moments):
        if event == "os.rename" and paths[1].endswith("state.json"):
            epochs.append(str(Path(paths[1]).with_name(f"epoch-{len(epochs) + 1}.weights.h5")))
            assert ["fsync", epochs[-1]] in moments[:k]
    assert len(epochs) == 2
