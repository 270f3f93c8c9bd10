"""The one place that compiles, and a cache that knows when any kernel has changed.

Numba keys its cache by the file a function stands in; a kernel that calls a kernel of another file
would stay stale when only that file changes. So the cache folder carries a fingerprint of all the
kernels' sources.

The cache may stand where nothing can be written, as in an image with a read-only root: what it
holds is used, what it lacks is compiled and not kept. Where there is no place for one at all, every
process compiles anew. Neither is a reason not to run.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import llvmlite.binding as llvm
import numba
from numba.core import cgutils, types
from numba.core import config as _numba_config
from numba.core.caching import CompileResultCacheImpl, FunctionCache, UserProvidedCacheLocator
from numba.experimental import structref
from numba.extending import intrinsic

P = ParamSpec("P")
R = TypeVar("R")

#: Sums may be reordered and divisions shared; NaN and infinities keep their meaning.
FAST_MATH = {"reassoc", "contract", "nsz", "arcp"}

_PACKAGE = Path(__file__).parent
#: Where kernels stand: the library's own, and those of the service that comes with it.
KERNEL_FOLDERS = (_PACKAGE / "kernels", _PACKAGE.parent / "daemon" / "kernels")


def _fingerprint() -> str:
    """Hash of every kernel's source and of this file."""
    digest = hashlib.sha256()
    kernels = [path for folder in KERNEL_FOLDERS for path in sorted(folder.glob("*.py"))]
    for path in [Path(__file__), *kernels]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


config: Any = _numba_config  # its names are made at run time, from the environment
_CACHE = Path(str(config.CACHE_DIR) if config.CACHE_DIR else _PACKAGE / "__pycache__")
config.CACHE_DIR = str(_CACHE / f"kernels-{_fingerprint()}")


def compile_target() -> str:
    """Name the processor that kernels are compiled for."""
    return str(config.CPU_NAME or llvm.get_host_cpu_name())


def _stamp() -> Path:
    return Path(str(config.CACHE_DIR)) / f"complete-{compile_target()}-{numba.__version__}"


def cache_complete() -> bool:
    """Tell whether every kernel is in the cache, for this processor."""
    return _stamp().exists()


def cache_wanted() -> bool:
    """Tell whether a cache for this processor and these kernels could be filled and is not."""
    folder = _stamp().parent
    place = folder if folder.exists() else folder.parent
    return not cache_complete() and os.access(place, os.W_OK)


def mark_cache_complete() -> None:
    """Say in the cache that every kernel is in it, where it can be written."""
    with contextlib.suppress(OSError):
        _stamp().touch()


class _KernelLocator(UserProvidedCacheLocator):
    """Our cache folder, in it by where a kernel stands among ours: both may be moved together.

    Numba's own locator goes by where the file stands on the machine.
    """

    def __init__(self, function: object, file: str) -> None:
        super().__init__(function, file)  # type: ignore[no-untyped-call]
        where, root = Path(file).resolve().parent, _PACKAGE.resolve().parent
        if where.is_relative_to(root):
            self._cache_path = str(Path(str(config.CACHE_DIR)) / where.relative_to(root))


class _ReadableLocator(_KernelLocator):
    """Our cache folder where it can be read but not written; numba's own locator asks for both."""

    def ensure_cache_path(self) -> None:
        """Raise OSError unless the folder can be read."""
        os.scandir(self._cache_path).close()


class _CachePlace(CompileResultCacheImpl):
    """Looks for a cache that can be written first, then for one that can be read."""

    _locator_classes = [  # noqa: RUF012 - numba's own form
        _KernelLocator,
        _ReadableLocator,
        *CompileResultCacheImpl._locator_classes,  # noqa: SLF001 - numba's way to extend it
    ]


class _KernelCache(FunctionCache):
    """Numba's cache of one function, for which not being able to write is no failure."""

    _impl_class = _CachePlace

    def save_overload(self, signature: object, compiled: object) -> None:
        """Keep what was compiled, where there is a place for it."""
        with contextlib.suppress(OSError):
            super().save_overload(signature, compiled)  # type: ignore[no-untyped-call]


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel: cached, without the interpreter lock, NaN-safe fast arithmetic.

    It makes no array, takes no `Reference` and returns neither, so nobody counts who holds an
    array: to take up and let go of each of eighty was half of a tick, and most of reading text.
    numba refuses to compile one that does need the counting.

    Parameters
    ----------
    function : callable
        Works on arrays and numbers only; see docs/ARCHITECTURE.md for what a kernel may do.

    Returns
    -------
    callable
        The compiled function, with the same signature.
    """
    return _compiled(function, FAST_MATH)


def reference_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel that makes or takes a `Reference`, and so counts who holds its arrays.

    Parameters
    ----------
    function : callable
        As for `kernel`.

    Returns
    -------
    callable
        The compiled function, with the same signature.
    """
    return _compiled(function, FAST_MATH, counted=True)


def exact_reference_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a `reference_kernel` whose arithmetic is that of an `exact_kernel`.

    Parameters
    ----------
    function : callable
        As for `kernel`.

    Returns
    -------
    callable
        The compiled function, with the same signature.
    """
    return _compiled(function, set(), counted=True)


def inlined_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel that becomes part of each that calls it.

    For stages that take the whole state: handing its sixty arrays to a function costs more than
    many a stage does.

    Parameters
    ----------
    function : callable
        As for `kernel`.

    Returns
    -------
    callable
        The compiled function, with the same signature.
    """
    return _compiled(function, FAST_MATH, forceinline=True)


def merged_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel as a part of the one that calls it, and not by itself.

    For the largest, of which there is one caller: to be optimised twice takes as long as all that
    it calls.

    Parameters
    ----------
    function : callable
        As for `reference_kernel`.

    Returns
    -------
    callable
        The function, with the same signature.
    """
    return _compiled(function, FAST_MATH, counted=True, merged=True)


def exact_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel whose arithmetic is IEEE's to the last bit: for codecs, times and counters.

    Parameters
    ----------
    function : callable
        As for `kernel`.

    Returns
    -------
    callable
        The compiled function, with the same signature.
    """
    return _compiled(function, set())


#: Several values that kernels take as one: numba's type of it, and the object Python holds.
ReferenceType = types.StructRef
Reference = structref.StructRefProxy


def make_reference(proxy: type, numba_type: type, members: list[str]) -> None:
    """Let kernels make, take and return a reference; they read its members by name.

    Parameters
    ----------
    proxy : subclass of Reference
        What Python holds.
    numba_type : subclass of ReferenceType
        Its type. Both stand in a module under their own names, for the cache to find them.
    members : list of str
        What it refers to.
    """
    tools: Any = structref  # numba has no types for them
    tools.register(numba_type)
    tools.define_boxing(numba_type, proxy)
    tools.define_constructor(proxy, numba_type, members)
    tools.define_attributes(numba_type)


#: What numba's compiler hands to those who add to it.
_Untyped = Any


def _address_of(_typing: _Untyped, reference: _Untyped) -> _Untyped:
    """Compile `address_of`."""

    def generate(
        context: _Untyped, builder: _Untyped, signature: _Untyped, given: _Untyped
    ) -> _Untyped:
        proxy: _Untyped = cgutils.create_struct_proxy
        held = proxy(signature.args[0])(context, builder, value=given[0])
        return builder.ptrtoint(held.meminfo, context.get_value_type(types.intp))

    return types.intp(reference), generate


def _reference_at(_typing: _Untyped, like: _Untyped, address: _Untyped) -> _Untyped:
    """Compile `reference_at`."""

    def generate(
        context: _Untyped, builder: _Untyped, signature: _Untyped, given: _Untyped
    ) -> _Untyped:
        proxy: _Untyped = cgutils.create_struct_proxy
        held = proxy(signature.return_type)(context, builder)
        held.meminfo = builder.inttoptr(given[1], held.meminfo.type)
        reference = held._getvalue()  # noqa: SLF001 - numba's name for it
        context.nrt.incref(builder, signature.return_type, reference)
        return reference

    return like(like, address), generate


if TYPE_CHECKING or config.DISABLE_JIT:

    def address_of(reference: object) -> int:
        """Tell kernels where a reference is; of use while somebody holds it."""
        return id(reference)

    def reference_at(_like: R, address: int) -> R:
        """Give kernels the reference that is at an address, of the type of another one."""
        return ctypes.cast(int(address), ctypes.py_object).value  # type: ignore[no-any-return]

else:
    address_of, reference_at = intrinsic(_address_of), intrinsic(_reference_at)


def _compiled(
    function: Callable[P, R],
    fast_math: set[str],
    *,
    forceinline: bool = False,
    counted: bool = False,
    merged: bool = False,
) -> Callable[P, R]:
    options: dict[str, Any] = {"fastmath": fast_math, "forceinline": forceinline, "_nrt": counted}
    if merged:
        options["inline"] = "always"
    compiled: Any = numba.njit(nogil=True, error_model="numpy", **options)(function)
    if not config.DISABLE_JIT:
        # What cache=True does, with our cache; numba raises RuntimeError where none has a place.
        with contextlib.suppress(RuntimeError):
            compiled._cache = _KernelCache(function)  # type: ignore[no-untyped-call]  # noqa: SLF001
    return compiled  # type: ignore[no-any-return]
