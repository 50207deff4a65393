"""What a training leaves on disk: a checkpoint while it lasts, then a network that no later training overwrites."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any

from effaug.images import _text
from effaug.images._files import make_folder, room_for, sync, write_whole
from effaug.images.networks import resnet
from effaug.images.weights import load_weights


class Checkpoint:
    """The last finished epoch: weights, optimizer, settings, history. The JSON, written last, decides which it is."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.folder, self.settings, self.record = folder, settings, folder / "state.json"

    def resume(self, model: Any) -> list[dict[str, Any]]:
        """The history so far, whose weights the model is given; none where nothing was finished.

        Raises
        ------
        ValueError
            If another training was begun here, or what is here is damaged.
        """
        if not self.record.exists():
            return []
        state = _state(self.record)
        for part, now in self.settings.items():
            if state.get(part) != now:
                raise ValueError(
                    f"{self.folder} holds an unfinished training with other {part}: {state.get(part)}; now {now}. "
                    "Go on with those, or remove that folder"
                )
        load_weights(model, self.folder / f"epoch-{len(state['history'])}.weights.h5")
        return state["history"]

    def save(self, model: Any, history: list[dict[str, Any]]) -> None:
        """Replace the epoch before."""
        make_folder(self.folder)
        weights = self.folder / f"epoch-{len(history)}.weights.h5"
        try:
            with room_for(weights):
                save_weights(model, weights)
                sync(weights)
        except OSError:
            weights.unlink(missing_ok=True)
            raise
        state = self.settings | {"history": history}
        write_whole(self.record, lambda part: part.write_text(json.dumps(state)))
        for old in self.folder.glob("*.weights.h5"):
            if old != weights:
                old.unlink()

    def remove(self) -> None:
        """Once the network is stored."""
        shutil.rmtree(self.folder, ignore_errors=True)


class _Memory(io.BytesIO):
    def __str__(self) -> str:
        return "memory.weights.h5"  # Keras looks at the end


def save_weights(model: Any, path: Path) -> None:
    """`model.save_weights` by way of the memory: where a file may not grow, HDF5 crashes the process."""
    memory = _Memory()
    model.save_weights(memory)
    path.write_bytes(memory.getvalue())


def save_network(path: Path, model: Any, record: dict[str, Any]) -> None:
    """The weights of a ResNet without its optimizer, a third of the size; beside them the record, and what it is."""
    shape, n_classes, depth = model.input_shape[1:], model.output_shape[-1], record["training"]["depth"]
    plain = resnet(shape, n_classes, depth)
    plain.set_weights(model.get_weights())
    network = {"name": "ResNet v2", "depth": depth, "n_weights": model.count_params()}
    text = json.dumps({"network": network, "image_shape": shape, "n_classes": n_classes, **record}, indent=1) + "\n"
    write_whole(path, lambda part: save_weights(plain, part), suffix=".weights.h5")
    write_whole(record_of(path), lambda part: part.write_text(text))


def checkpoint_folder(network: Path) -> Path:
    """Where the checkpoint of a network lies while its training lasts."""
    return network.with_name(f".{network.name}.checkpoint")


def record_of(weights: Path) -> Path:
    """The JSON beside a network's weights."""
    return weights.with_name(weights.name.removesuffix(".weights.h5") + ".json")


def is_stored(weights: Path, checkpoint: Path, training: Any, data_sha256: Callable[[], dict[str, str]]) -> bool:
    """Whether the network of a training is stored, whatever versions of the libraries trained it.

    Parameters
    ----------
    weights : Path
    checkpoint : Path
        The folder of its checkpoints.
    training : Training
        Where a record lacks one of its settings, it is older than that setting, and has the default.
    data_sha256 : callable
        The hashes of its data; not asked where the settings decide.

    Raises
    ------
    ValueError
        If a network of other settings or data is stored there, one whose record does not tell, or half of one.
    """
    record = record_of(weights)
    there = [file for file in (weights, record) if file.exists()]
    if not there or (there == [weights] and _is_being_written(checkpoint, training.n_epochs)):
        return False
    advice = f"Give this one another name (--name), or remove {' and '.join(file.name for file in there)}"
    if len(there) == 1:
        raise ValueError(f"{there[0]} is there without {(record if there == [weights] else weights).name}. {advice}")
    defaults = {field.name: field.default for field in fields(training) if field.default is not MISSING}
    try:
        found = _text.read_record(record)
        settings, hashes = defaults | found["training"], dict(found["data_sha256"])
        settings = {field.name: settings[field.name] for field in fields(training)}
    except (ValueError, LookupError, TypeError):
        raise ValueError(f"{record} does not tell how {weights.name} was trained. {advice}") from None
    now, settings = (json.loads(json.dumps(each)) for each in (asdict(training), settings))
    if other := [f"{name} {settings[name]}, now {value}" for name, value in now.items() if settings[name] != value]:
        raise ValueError(f"{weights} holds a network trained with other settings: {'; '.join(other)}. {advice}")
    if other := [name for name, sha256 in data_sha256().items() if hashes.get(name) != sha256]:
        raise ValueError(f"{weights} holds a network trained with other data: another {', '.join(other)}. {advice}")
    return True


def _is_being_written(checkpoint: Path, epochs: int) -> bool:
    # Weights come before their record: a training that was stopped between them has a checkpoint of its last epoch.
    state = checkpoint / "state.json"
    return state.exists() and len(_state(state)["history"]) == epochs


def _state(path: Path) -> dict[str, Any]:
    try:
        found = _text.read_record(path)
        history = found.get("history")
        if not isinstance(history, list) or not all(isinstance(row, dict) and "seconds" in row for row in history):
            raise ValueError("it has no history")
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}): remove its folder, and the training begins anew") from error
    return found
