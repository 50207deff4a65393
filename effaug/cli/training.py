"""The commands that train the frozen networks, and that measure what training costs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from effaug.cli import parsing

app = typer.Typer()


@app.command()
def train_cnn(
    dataset: Annotated[str, typer.Argument(help="cifar10 or smallnorb.")],
    depth: Annotated[int, typer.Option(help="9n + 2.")] = 56,
    epochs: Annotated[int, typer.Option(help="The learning rate's steps follow.")] = 200,
    batch_size: Annotated[int, typer.Option()] = 128,
    learning_rate: Annotated[float, typer.Option(help="Of Adam, in the first epochs.")] = 1e-3,
    augment: Annotated[bool, typer.Option("--augment", help="Rotate, shift and flip the images at random.")] = False,
    shift: Annotated[int, typer.Option(help="Pixels, at most, of those random shifts.")] = 6,
    divided_twice: Annotated[
        bool, typer.Option("--divided-twice", help="Divide pixels by 255 twice, as the released code does.")
    ] = False,
    leave_out: Annotated[
        str, typer.Option(help="Two classes, such as 0,1, of which the first 1000 images are not trained on.")
    ] = "",
    precision: Annotated[str, typer.Option(help="float32, mixed_bfloat16 or mixed_float16.")] = "float32",
    seed: Annotated[int, typer.Option(help="Of weights and batches.")] = 0,
    stop_after: Annotated[
        int | None,
        typer.Option(
            help="Stop after so many epochs of that schedule, and store NAME-epoch7; 9 then goes on from there."
        ),
    ] = None,
    keep_epochs: Annotated[
        bool, typer.Option("--keep-epochs", help="Store the network of every epoch before, too.")
    ] = False,
    name: Annotated[str, typer.Option(help="Of the weights; made of dataset and options unless given.")] = "",
    weights: Annotated[
        Path | None, typer.Option(envvar="EFFAUG_WEIGHTS", help="Folder of the weights; the checkout's unless named.")
    ] = None,
) -> None:
    """Train the network whose features a task takes. Started again, it goes on after the last finished epoch.

    A network that is trained already is neither trained again nor overwritten.
    """
    from effaug.cli import progress
    from effaug.images.weights import weights_folder
    from effaug.study.training import Training, find, train

    training = Training(
        dataset=dataset,
        depth=depth,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        augment=augment,
        shift=shift,
        divided_twice=divided_twice,
        leave_out=parsing.classes(leave_out) or (),
        precision=precision,
        random_state=seed,
        stop_after=stop_after,
    )
    folder = weights or weights_folder()
    stored = find(training, folder, name=name)
    path = train(training, folder, name=name) if stored else progress.train(training, folder, name, keep_epochs)
    about = path.with_name(path.name.replace(".weights.h5", ".json"))
    record = json.loads(about.read_text())
    try:
        accuracy = f"test accuracy {100 * record['test']['test_accuracy']:.2f} % after {len(record['history'])} epochs"
    except (LookupError, TypeError):
        raise ValueError(f"{about} does not tell how accurate {path.name} is: restore it") from None
    print(f"{path}: {'trained already; ' if stored else ''}{accuracy}")


@app.command()
def bench_training(
    sizes: Annotated[str, typer.Option(help="Numbers of CIFAR-10 training images.")] = "500,1000,1500,2000,2500",
    tasks: Annotated[str, typer.Option(help="MNIST tasks to train with some points selected, and with all.")] = (
        "mnist-translate,mnist-rotate,mnist-crop"
    ),
    epochs: Annotated[int, typer.Option(help="Of the LeNets of those tasks.")] = 40,
    repeats: Annotated[int, typer.Option(help="Of every measurement.")] = 5,
    depth: Annotated[int, typer.Option(help="Of the ResNet, 9n + 2.")] = 56,
    batch_size: Annotated[int, typer.Option()] = 128,
    precision: Annotated[str, typer.Option(help="float32, mixed_bfloat16 or mixed_float16.")] = "float32",
    name: Annotated[str, typer.Option(help="Of the file, such as cpu or gpu.")] = "cpu",
    results: Annotated[Path, typer.Option(envvar="EFFAUG_RESULTS", help="Folder of the results.")] = Path("results"),
) -> None:
    """Measure what training costs: seconds an epoch by size, and what augmenting selected points alone saves."""
    from effaug.cli import progress
    from effaug.study import timing
    from effaug.study.tasks import load_task
    from effaug.study.training import Training

    training = Training("cifar10", depth=depth, batch_size=batch_size, precision=precision)
    chosen = [load_task(task) for task in tasks.split(",") if task]
    path = results / "timing" / f"{name}.json"
    progress.bench(
        path, training, tuple(parsing.whole("sizes", size) for size in sizes.split(",")), chosen, epochs, repeats
    )
    stored = timing.load(path.parent)[name]
    line = timing.linear_fit(stored["epoch_times"])
    print(f"{path}: {1000 * line.slope:.3f} ms an image, R^2 = {line.r_squared:.5f}, on {stored['hardware']}")
