"""What a fuzzer does to a file: bits flipped, cuts, slices put in, headers that promise too much, other JSON."""

import copy
import json
import struct
from typing import Any

from hypothesis import strategies as st

NASTY = [0, 1, 2, 2**7 - 1, 2**7, 2**8 - 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**64 - 1]
TOKENS = [
    b"",
    b"\0",
    b"\n",
    b'"',
    b"{",
    b"[" * 5000,
    b"null",
    b"-1",
    b"1e999",
    b"NaN",
    b"9" * 5000,
    b"\xff\xfe",
    b"../../",
]
VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    2**40,
    2**70,
    0.5,
    float("nan"),
    float("inf"),
    "",
    "x",
    "../../x",
    "\ud800",
    [],
    {},
    [1],
]
HEADER = 96


def _places(raw: bytes) -> st.SearchStrategy[int]:
    """Anywhere, and more often where headers are."""
    n = len(raw)
    return st.integers(0, n) | st.integers(0, min(n, HEADER)) | st.integers(max(0, n - HEADER), n)


@st.composite
def _once(draw: st.DrawFn, raw: bytes) -> bytes:
    at, kind = draw(_places(raw)), draw(st.sampled_from(["flip", "cut", "drop", "copy", "number", "token", "bytes"]))
    rest = raw[at:]
    if kind == "flip":
        return raw[:at] + bytes([rest[0] ^ 1 << draw(st.integers(0, 7))]) + rest[1:] if rest else raw
    if kind == "cut":
        return raw[:at]
    if kind == "drop":
        return raw[:at] + rest[draw(st.integers(1, 64)) :]
    if kind == "copy":
        start = draw(_places(raw))
        return raw[:at] + raw[start : start + draw(st.integers(1, 64))] + rest
    if kind == "number":
        size, order = draw(st.sampled_from("BHIQ")), draw(st.sampled_from("<>"))
        packed = struct.pack(order + size, draw(st.sampled_from(NASTY)) % 256 ** struct.calcsize(size))
        return raw[:at] + packed + rest[len(packed) :]
    put = draw(st.sampled_from(TOKENS) if kind == "token" else st.binary(min_size=1, max_size=8))
    return raw[:at] + put + rest[draw(st.integers(0, len(put))) :]


@st.composite
def _other_bytes(draw: st.DrawFn, whole: bytes) -> bytes:
    for _ in range(draw(st.integers(1, 3))):
        whole = draw(_once(whole))
    return whole


@st.composite
def _other_json(draw: st.DrawFn, whole: bytes) -> bytes:
    """One or two of the values that JSON holds replaced, or lost."""
    found = [json.loads(whole)]
    for _ in range(draw(st.integers(1, 2))):
        place, key = draw(st.sampled_from(list(_values(found))))
        if draw(st.booleans()) or place is found:
            place[key] = copy.copy(draw(st.sampled_from(VALUES)))
        else:
            del place[key]
    return json.dumps(found[0]).encode()


def _values(found: Any) -> Any:
    """Every container and index or key in it."""
    for key in list(found) if isinstance(found, dict) else range(len(found)):
        yield found, key
        if isinstance(found[key], dict | list):
            yield from _values(found[key])


def mutated(name: str, whole: bytes) -> st.SearchStrategy[bytes]:
    """Contents to put in place of a file's."""
    other = _other_bytes(whole)
    return other | _other_json(whole) if name.endswith((".json", ".ipynb")) else other
