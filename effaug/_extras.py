"""What the wings beyond the method need, and which extra of the package installs it."""

from importlib.util import find_spec

_IMAGES = ("cv2", "filelock", "h5py", "imgaug", "keras", "platformdirs")
_STUDY = (
    "dask",
    "distributed",
    "matplotlib",
    "pandas",
    "pooch",
    "requests",
    "rich",
    "seaborn",
    "typer",
)
NEEDS = {"images": _IMAGES, "study": (*_IMAGES, *_STUDY)}  # modules; Keras's backend is the user's choice


def absent(extra: str) -> list[str]:
    """The modules that an extra, ``"images"`` or ``"study"``, installs and that are not there; nothing is imported."""
    return [name for name in NEEDS[extra] if find_spec(name) is None]


def advice(what: str, extra: str) -> str:
    """The sentence for someone who uses what needs an extra that is not installed."""
    return (
        f"{what} needs effaug[{extra}]: `pip install '.[{extra}]'` in the folder of effaug's source "
        f"(not installed: {', '.join(absent(extra))})"
    )
