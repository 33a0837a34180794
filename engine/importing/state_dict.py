"""State dicts as `torch.save` writes them, read without running anything: not even PyTorch is asked.

Such a file is a zip with a pickle that says which tensor lies where, and the tensors' bytes. The pickle is not loaded:
its instructions are read one by one, and only those that a dictionary of tensors consists of are understood. Names of
functions are compared with five that are known, and never looked up. `torch.load(weights_only=True)` accepts all that
this accepts; beyond that, it would allocate what a file asks for.
"""

from __future__ import annotations

import math
import pickletools
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.document.errors import FileError
from engine.importing.archives import LARGEST, MOST_ARRAYS, member

_LONGEST_PICKLE = 16 * 2**20
_MOST_STEPS = 2_000_000
_BFLOAT16 = "bfloat16"
_STORAGES: Mapping[str, str] = MappingProxyType(
    {
        "torch FloatStorage": "<f4",
        "torch DoubleStorage": "<f8",
        "torch HalfStorage": "<f2",
        "torch BFloat16Storage": _BFLOAT16,
        "torch LongStorage": "<i8",
        "torch IntStorage": "<i4",
        "torch ShortStorage": "<i2",
        "torch CharStorage": "|i1",
        "torch ByteStorage": "|u1",
        "torch BoolStorage": "|b1",
    }
)
_ORDERED, _TENSOR, _PARAMETER = (
    "collections OrderedDict",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
)
_NESTED = ("state_dict", "model_state_dict", "model", "net")
"""Under which names checkpoints keep the state dict among other things."""


class _Unknown(Exception):
    """An instruction, or a name, that no dictionary of tensors needs."""


@dataclass(frozen=True)
class _Name:
    """A name of something that a pickle would call."""

    of: str


@dataclass(frozen=True)
class _Storage:
    kind: str
    key: str
    count: int


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies: in which member, from which number on, and how its axes step through it."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def arrays_of(archive: zipfile.ZipFile, file: str) -> dict[str, NDArray[Any]]:
    """The tensors of a state dict by name, bfloat16 as float32. Raises FileError, or what `opened` makes one of."""
    pickles = [name for name in archive.namelist() if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(pickles) != 1:
        raise FileError("{file} holds no state dict as PyTorch saves one", file=file)
    prefix = pickles[0].removesuffix("data.pkl")
    for name in archive.namelist():
        if not name.startswith(f"{prefix}data/"):
            member(archive, name, _LONGEST_PICKLE)  # whether it is whole: a damaged file is not half read
    names = set(archive.namelist())
    if f"{prefix}constants.pkl" in names:
        raise FileError("{file} is a program (TorchScript), not weights; save network.state_dict()", file=file)
    if f"{prefix}byteorder" in names and member(archive, f"{prefix}byteorder", 16) != b"little":
        raise FileError("{file} was saved on a machine with another order of bytes", file=file)
    try:
        found = _state(_Pickle(member(archive, pickles[0], _LONGEST_PICKLE)).content())
    except _Unknown as error:
        raise FileError(
            "{file} holds more than weights ({what}), so it is not opened; save network.state_dict()",
            file=file,
            what=str(error)[:80],
        ) from error
    except (IndexError, KeyError, TypeError, AttributeError) as error:
        raise ValueError("a damaged pickle") from error
    if not found:
        raise FileError("{file} holds no tensors by name", file=file)
    numbers = sum(math.prod(tensor.shape) for tensor in found.values())
    if len(found) > MOST_ARRAYS or 4 * numbers > LARGEST:
        raise FileError("{file} holds too many numbers: {count}", file=file, count=numbers)
    storages: dict[str, NDArray[Any]] = {}
    return {name: _values(archive, prefix, tensor, storages) for name, tensor in found.items()}


def _state(content: Any) -> dict[str, Tensor]:
    """The tensors of a state dict, or of one that a checkpoint holds beside other things."""
    if not isinstance(content, dict):
        raise _Unknown("no dictionary")
    found = {name: each for name, each in content.items() if isinstance(name, str) and isinstance(each, Tensor)}
    if not found:
        for name in _NESTED:
            inner = content.get(name)
            if isinstance(inner, dict):
                return {key: each for key, each in inner.items() if isinstance(key, str) and isinstance(each, Tensor)}
    return found


def _values(archive: zipfile.ZipFile, prefix: str, tensor: Tensor, storages: dict[str, NDArray[Any]]) -> NDArray[Any]:
    storage = tensor.storage
    flat = storages.get(storage.key)
    if flat is None:
        content = member(archive, f"{prefix}data/{storage.key}", LARGEST)
        if storage.kind == _BFLOAT16:
            flat = (np.frombuffer(content, "<u2").astype(np.uint32) << 16).view(np.float32)
        else:
            flat = np.frombuffer(content, storage.kind)
        storages[storage.key] = flat
    if len(flat) != storage.count:
        raise ValueError("a storage of another size")
    last = tensor.offset + sum((size - 1) * step for size, step in zip(tensor.shape, tensor.strides, strict=True))
    if math.prod(tensor.shape) == 0:
        return np.zeros(tensor.shape, np.float32)
    if last >= len(flat):
        raise ValueError("a tensor beyond its storage")
    steps = [step * flat.itemsize for step in tensor.strides]
    view = np.lib.stride_tricks.as_strided(flat[tensor.offset :], tensor.shape, steps, writeable=False)
    return np.array(view)


@dataclass
class _Pickle:
    """What the instructions of a pickle describe."""

    code: bytes
    stack: list[Any] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def content(self) -> Any:
        """The object that the instructions make. Raises _Unknown for what is not needed for tensors in a dictionary."""
        for step, (instruction, argument, _) in enumerate(pickletools.genops(self.code)):
            name = instruction.name
            if step > _MOST_STEPS:
                raise _Unknown("very many instructions")
            if name == "STOP":
                return self.pop()
            if name in _VALUES:
                self.stack.append(_VALUES[name](argument))
            elif name in _ACTIONS:
                _ACTIONS[name](self, argument)
            elif name != "PROTO":
                raise _Unknown(name)
        raise ValueError("no end")

    def pop(self) -> Any:
        """The newest value, taken away; nothing below the newest mark."""
        self.newest()
        return self.stack.pop()

    def newest(self) -> Any:
        """The newest value above the newest mark."""
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise ValueError("nothing there")
        return self.stack[-1]

    def marked(self) -> list[Any]:
        """What lies above the newest mark, taken away with it."""
        place = self.marks.pop()
        found = self.stack[place:]
        del self.stack[place:]
        return found

    def put(self, argument: int) -> None:
        """Remember the newest value."""
        self.memo[argument] = self.newest()

    def tuple_of(self, count: int) -> None:
        """Make a tuple of so many of the newest values."""
        self.stack.append(tuple([self.pop() for _ in range(count)][::-1]))

    def set_items(self, pairs: list[Any]) -> None:
        """Put names and their values into the dictionary that is the newest value."""
        target = self.newest()
        if not isinstance(target, dict) or len(pairs) % 2:
            raise ValueError("no dictionary")
        for name, value in zip(pairs[::2], pairs[1::2], strict=True):
            if not isinstance(name, str | int):  # nothing deep, whose hash would have to be taken
                raise _Unknown("names that are no text")
            target[name] = value

    def append(self, items: list[Any]) -> None:
        """Put values into the list that is the newest value."""
        target = self.newest()
        if not isinstance(target, list):
            raise ValueError("no list")
        target.extend(items)

    def call(self) -> None:
        """What a known function would give for the newest value, a tuple."""
        arguments, function = self.pop(), self.pop()
        if not isinstance(function, _Name) or not isinstance(arguments, tuple):
            raise ValueError("no function")
        if function.of == _ORDERED and not arguments:
            self.stack.append({})
        elif function.of == _TENSOR:
            self.stack.append(_tensor(*arguments[:4]))
        elif function.of == _PARAMETER and isinstance(arguments[0], Tensor):
            self.stack.append(arguments[0])
        else:
            raise _Unknown(function.of)

    def build(self) -> None:
        """What PyTorch hangs on a dictionary, its versions of modules, is of no use here."""
        self.pop()
        if not isinstance(self.newest(), dict):
            raise _Unknown("an object with a state")

    def stored(self) -> None:
        """The storage that the newest value describes: ("storage", kind, member, place, count)."""
        word, kind, key, _, count = self.pop()
        known = isinstance(kind, _Name) and kind.of in _STORAGES and isinstance(key, str) and type(count) is int
        if word != "storage" or not known or count < 0:
            raise ValueError("no storage")
        self.stack.append(_Storage(_STORAGES[kind.of], key, count))


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any) -> Tensor:
    whole = isinstance(shape, tuple) and isinstance(strides, tuple) and len(shape) == len(strides) <= 32
    if not whole or not all(type(each) is int and each >= 0 for each in (offset, *shape, *strides)):
        raise ValueError("no tensor")
    if not isinstance(storage, _Storage):
        raise ValueError("no storage")
    return Tensor(storage, offset, shape, strides)


def _known(argument: str) -> _Name:
    if argument not in (_ORDERED, _TENSOR, _PARAMETER) and argument not in _STORAGES:
        raise _Unknown(argument.replace(" ", "."))
    return _Name(argument)


_VALUES: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "EMPTY_DICT": lambda _: {},
        "EMPTY_LIST": lambda _: [],
        "EMPTY_TUPLE": lambda _: (),
        "NONE": lambda _: None,
        "NEWTRUE": lambda _: True,
        "NEWFALSE": lambda _: False,
        "GLOBAL": _known,
        **dict.fromkeys(("BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"), lambda value: value),
    }
)
_ACTIONS: Mapping[str, Callable[[_Pickle, Any], None]] = MappingProxyType(
    {
        "MARK": lambda pickle, _: pickle.marks.append(len(pickle.stack)),
        "BINPUT": _Pickle.put,
        "LONG_BINPUT": _Pickle.put,
        "BINGET": lambda pickle, place: pickle.stack.append(pickle.memo[place]),
        "LONG_BINGET": lambda pickle, place: pickle.stack.append(pickle.memo[place]),
        "TUPLE": lambda pickle, _: pickle.stack.append(tuple(pickle.marked())),
        "TUPLE1": lambda pickle, _: pickle.tuple_of(1),
        "TUPLE2": lambda pickle, _: pickle.tuple_of(2),
        "TUPLE3": lambda pickle, _: pickle.tuple_of(3),
        "SETITEM": lambda pickle, _: pickle.set_items([pickle.pop(), pickle.pop()][::-1]),
        "SETITEMS": lambda pickle, _: pickle.set_items(pickle.marked()),
        "APPEND": lambda pickle, _: pickle.append([pickle.pop()]),
        "APPENDS": lambda pickle, _: pickle.append(pickle.marked()),
        "REDUCE": lambda pickle, _: pickle.call(),
        "BUILD": lambda pickle, _: pickle.build(),
        "BINPERSID": lambda pickle, _: pickle.stored(),
    }
)
