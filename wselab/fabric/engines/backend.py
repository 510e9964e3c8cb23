"""Where arrays lie: with NumPy in this machine's memory, or with CuPy in that of its GPU.

The bitplane engine computes with the arrays of ``xp``, NumPy or CuPy, and finds on the host, with
NumPy, which operation starts where and when. CuPy refuses arrays of NumPy, and hands out none of
its own unasked: what crosses from one to the other does so by `to_device` and `to_host`.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from ..errors import ProgramError

PLACES = ("cpu", "gpu")
ON_GPU = (
    "the same gates and sums on the GPU, with CuPy, which takes float32 values nearer to 0 than "
    "1.2e-38 for 0"  # it compiles everything with -ftz=true (cupy/cuda/compiler.py)
)


def xp_of(on: Any) -> Any:
    """NumPy for "cpu", CuPy for "gpu".

    Raises `ProgramError` where this machine has no CuPy, or no GPU that it can use.

    >>> xp_of("cpu").__name__
    'numpy'
    """
    if on not in PLACES:
        raise ProgramError(f"on={on!r}: expected one of {', '.join(map(repr, PLACES))}")
    if on == "cpu":
        return np
    cupy, found, mend = gpu()
    if cupy is None:
        raise ProgramError(f'on="gpu": this machine has {found}. Try: {mend}; or on="cpu"')
    return cupy


def gpu() -> tuple[Any, str, str]:
    """CuPy and what it runs on; or None, what this machine has instead, and the mend."""
    try:
        cupy = importlib.import_module("cupy")
    except ModuleNotFoundError as error:
        if error.name == "cupy":
            mend = "with an NVIDIA GPU on Linux: python -m pip install 'wselab[gpu]'"
            return None, "no CuPy", mend
        return None, f"a CuPy that does not import: {error}", "reinstall it"
    except Exception as error:  # a package can fail in any way when imported
        found = f"a CuPy that does not import: {type(error).__name__}: {error}"
        return None, found, "reinstall it"
    name = f"CuPy {cupy.__version__}"
    if not cupy.cuda.is_available():  # CuPy imports without one, too
        mend = "see if `nvidia-smi` in a terminal names a GPU; if not, install its driver"
        return None, f"{name}, but no GPU that it can use", mend
    try:
        int(cupy.count_nonzero(cupy.zeros(1) + 1))  # it compiles what it computes: can it?
        device = cupy.cuda.runtime.getDeviceProperties(0)["name"]
    except Exception as error:
        found = f"{name} and a GPU, but cannot compute there: {type(error).__name__}: {error}"
        return None, found, "python -m pip install 'cupy-cuda12x[ctk]', which brings CUDA's parts"
    return cupy, f"{name} on {device.decode()}", ""


def module_of(array: Any) -> Any:
    """The module whose array this is, NumPy or CuPy."""
    return np if isinstance(array, np.ndarray) else importlib.import_module("cupy")


def to_device(xp: Any, array: Any) -> Any:
    """An array of the host where ``xp`` computes: a copy of it, or itself where that is here.

    Its axes lie in memory in the same order. A slice is its own copy.
    """
    if xp is np or isinstance(array, slice):
        return array
    order, back = _by_stride(array)
    return xp.asarray(array.transpose(order)).transpose(back)


def to_host(array: Any) -> np.ndarray:
    """A copy of an array on the host, or itself where it is there; its axes lie as in it."""
    if isinstance(array, np.ndarray):
        return array
    order, back = _by_stride(array)
    return array.transpose(order).get().transpose(back)


def _by_stride(array: Any) -> tuple[list[int], list[int]]:
    """An order of the axes in which an array lies end to end, and the way back from it."""
    order = sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))
    return order, sorted(range(array.ndim), key=lambda place: order[place])
