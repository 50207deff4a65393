"""imgaug, importable with NumPy 2: imgaug 0.4.0 reads `numpy.sctypes`, which NumPy 2.0 removed."""

import numpy as np

if not hasattr(np, "sctypes"):
    np.sctypes = {  # type: ignore[attr-defined]  # noqa: NPY201
        "int": [np.int8, np.int16, np.int32, np.int64],
        "uint": [np.uint8, np.uint16, np.uint32, np.uint64],
        "float": [np.float16, np.float32, np.float64],
        "complex": [np.complex64, np.complex128],
        "others": [bool, object, bytes, str, np.void],
    }

import imgaug.augmenters as iaa

__all__ = ["iaa"]
