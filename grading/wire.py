"""How judge and worker talk: frames of JSON that carry values and never code.

Numbers, strings, lists, tuples, dictionaries, arrays and tensors travel by value. Anything else stays where
it is and is named by a number, through which the other side can call it.
"""

import base64
import json
import math
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

import numpy as np
import torch

LARGEST = 64 * 2**20  # bytes of a frame
DTYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "bool")
DTYPES += ("uint8", "uint16", "uint32", "uint64")


class WireError(Exception):
    """The other side sent something that is no frame, or a value of no known kind."""


def send(stream: BinaryIO, message: dict) -> None:
    """Write one frame. Raises `WireError` if it is too large."""
    text = json.dumps(message).encode()
    if len(text) > LARGEST:
        raise WireError(f"a message of {len(text)} bytes")
    stream.write(struct.pack("!I", len(text)) + text)
    stream.flush()


def receive(read: Callable[[int], bytes]) -> dict:
    """Read one frame; `read(n)` gives n bytes, fewer only at the end. Raises `EOFError` and `WireError`."""
    head = read(4)
    if len(head) < 4:
        raise EOFError
    (length,) = struct.unpack("!I", head)
    if length > LARGEST:
        raise WireError(f"a message of {length} bytes")
    text = read(length)
    if len(text) < length:
        raise EOFError
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise WireError("a message that is no JSON") from None
    if not isinstance(message, dict):
        raise WireError("a message without names")
    return message


def pack(value, name: Callable[[object], dict]):
    """A value as JSON; `name(value)` gives the entry for what cannot travel."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if value is ...:
        return {"dots": True}
    if isinstance(value, torch.Tensor):
        return _pack_array(value.detach().numpy(), "tensor") | {"gradient": value.requires_grad}
    if isinstance(value, np.ndarray):
        return _pack_array(value, "array")
    if isinstance(value, np.generic):
        return _pack_array(np.asarray(value), "array") | {"scalar": True}
    if isinstance(value, tuple):
        return {"tuple": [pack(item, name) for item in value]}
    if isinstance(value, Mapping):
        return {"dict": [[pack(key, name), pack(item, name)] for key, item in value.items()]}
    if isinstance(value, list | set | frozenset | Iterator | type({}.keys()) | type({}.values())):
        return {"list": [pack(item, name) for item in value]}
    return name(value)


def _pack_array(array: np.ndarray, kind: str) -> dict:
    if array.dtype.name not in DTYPES:
        raise WireError(f"an array of {array.dtype.name}")
    if array.nbytes > LARGEST:
        raise WireError(f"an array of {array.nbytes} bytes")
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {kind: data, "dtype": array.dtype.name, "shape": list(array.shape)}


def leaves(value) -> list[torch.Tensor | np.ndarray]:
    """The tensors and arrays in a value that `pack` takes, in their order."""
    if isinstance(value, torch.Tensor | np.ndarray):
        return [value]
    if isinstance(value, Mapping):
        value = list(value.values())
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, list | tuple) else []


def unpack(packed, named: Callable[[dict], object]):
    """The value that `pack` packed; `named(entry)` gives what stayed behind. Raises `WireError`."""
    if not isinstance(packed, dict):
        return packed
    try:
        return _unpack(packed, named)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, ArithmeticError) as error:
        raise WireError(f"a value of no known kind ({type(error).__name__})") from None


def _unpack(packed: dict, named: Callable[[dict], object]):
    if "dots" in packed:
        return ...
    for kind in ("tensor", "array"):
        if kind in packed:
            array = _unpack_array(packed[kind], packed["dtype"], packed["shape"])
            if kind == "tensor":
                return _tensor(array, packed["gradient"])
            return array[()] if packed.get("scalar") else array
    if "tuple" in packed:
        return tuple(unpack(item, named) for item in packed["tuple"])
    if "dict" in packed:
        return {unpack(key, named): unpack(item, named) for key, item in packed["dict"]}
    if "list" in packed:
        return [unpack(item, named) for item in packed["list"]]
    return named(packed)


def _tensor(array: np.ndarray, gradient: bool) -> torch.Tensor:
    tensor = torch.from_numpy(array)
    return tensor.requires_grad_() if gradient and tensor.is_floating_point() else tensor


def _unpack_array(data: str, dtype: str, shape: list[int]) -> np.ndarray:
    if dtype not in DTYPES or min(shape, default=0) < 0:
        raise WireError("an array of no known kind")
    array = np.frombuffer(base64.b64decode(data), dtype)
    if array.size != math.prod(shape):
        raise WireError("an array of another size than it says")
    return array.reshape(shape).copy()
