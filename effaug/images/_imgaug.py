"""imgaug, importable with NumPy 2 once this is imported, by whoever unpickles an augmenter too.

imgaug 0.4.0 reads `numpy.sctypes`, which NumPy 2.0 removed.
"""

from typing import Any

import numpy as np

if not hasattr(np, "sctypes"):
    np.sctypes = {  # type: ignore[attr-defined]  # noqa: NPY201
        "int": [np.int8, np.int16, np.int32, np.int64],
        "uint": [np.uint8, np.uint16, np.uint32, np.uint64],
        "float": [np.float16, np.float32, np.float64],
        "complex": [np.complex64, np.complex128],
        "others": [bool, object, bytes, str, np.void],
    }


def __getattr__(name: str) -> Any:
    if name != "iaa":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import imgaug.augmenters as iaa  # when first used: it takes a second

    return iaa
