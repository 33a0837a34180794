"""Files of weights from anywhere: the good ones are read, the others refused in one sentence, and none can do harm."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import tracemalloc
import warnings
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load as load_safetensors
from safetensors.torch import save as save_torch

from engine.document.errors import FileError
from engine.document.project import save as save_project
from engine.export.states import project_of
from engine.importing import archives, weights
from engine.importing.weights import read_arrays
from tests.engine.export.subjects import mlp
from tests.engine.importing.weight_files import (
    ARRAYS,
    FILES,
    members,
    mutated,
    npy,
    npz_file,
    state_dict_file,
    tensors,
    zipped,
)

_MEMORY = 24 * 2**20
"""Far more than the files of the tests need, far less than what malice asks for."""


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def refused(path: Path, match: str | None = None) -> str:
    """The sentence with which a file is refused, without much memory."""
    tracemalloc.start()
    try:
        with pytest.raises(FileError, match=match) as error:
            read_arrays(path)
        assert tracemalloc.get_traced_memory()[1] < _MEMORY
    finally:
        tracemalloc.stop()
    sentence = str(error.value)
    assert "\n" not in sentence and len(sentence) < 400
    return sentence


@pytest.mark.parametrize("kind", [".safetensors", ".npz"])
def test_arrays_are_read(kind: str, tmp_path: Path) -> None:
    found = read_arrays(put(tmp_path, f"a{kind}", FILES[kind]()))
    assert set(found.arrays) == set(ARRAYS) and found.file == f"a{kind}"
    for name, array in ARRAYS.items():
        assert found.arrays[name].dtype == np.float32 and found.arrays[name].shape == array.shape
        np.testing.assert_array_equal(found.arrays[name], array.astype(np.float32))
    assert found.layout == ("pytorch" if kind == ".safetensors" else "keras")


def test_a_checkpoint_of_pytorch_is_read(tmp_path: Path) -> None:
    content = FILES[".pt"]()
    found = read_arrays(put(tmp_path, "a.pth", content))
    state = torch.load(io.BytesIO(content), weights_only=True)["state_dict"]
    assert list(found.arrays) == list(state) and found.layout == "pytorch"
    for name, tensor in state.items():
        np.testing.assert_array_equal(found.arrays[name], tensor.float().numpy())


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16, torch.float16, torch.int32, torch.bool])
def test_other_kinds_of_numbers_are_converted(kind: torch.dtype, tmp_path: Path) -> None:
    tensor = torch.tensor([[0.0, 1.0], [2.0, 5.0]]).to(kind)
    parameter = torch.nn.Parameter(tensor, requires_grad=False)
    for path in (
        put(tmp_path, "a.pt", state_dict_file({"x": parameter})),
        put(tmp_path, "a.safetensors", save_torch({"x": tensor})),
    ):
        np.testing.assert_array_equal(read_arrays(path).arrays["x"], tensor.float().numpy())


def test_another_project_is_read_with_what_it_keeps_without_learning_it(tmp_path: Path) -> None:
    save_project(tmp_path / "other.nnp", project_of(mlp().document, mlp().snapshot))
    found = read_arrays(tmp_path / "other.nnp")
    assert set(found.arrays) == set(mlp().plan.saved_shapes) and "batchnorm_1.running_mean" in found.arrays
    for name, values in mlp().weights.items():
        np.testing.assert_array_equal(found.arrays[name], values)
    save_project(tmp_path / "fresh.nnp", project_of(mlp().document, None))
    refused(tmp_path / "fresh.nnp", "train it and save it first")


class Bomb:
    """Runs a command when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_no_code_is_run(tmp_path: Path) -> None:
    trace = tmp_path / "was run"
    bomb = pickle.dumps({"x": Bomb(trace)}, protocol=2)
    parts = members(state_dict_file({"x": torch.ones(2)}))
    parts["archive/data.pkl"] = bomb
    assert "posix.mkdir" in refused(put(tmp_path, "a.pt", zipped(parts)), "holds more than weights")
    refused(put(tmp_path, "b.pt", bomb), "before 1.6")
    refused(put(tmp_path, "c.pt", pickle.dumps(Bomb(trace), protocol=4)), "not a state dict")
    stream = io.BytesIO()
    np.savez(stream, x=np.array([Bomb(trace)], dtype=object))
    refused(put(tmp_path, "d.npz", stream.getvalue()), "not an array of numbers")
    assert not trace.exists()
    pickle.loads(bomb)
    assert trace.exists(), "the bomb of this test is none"


def _calling(name: bytes, arguments: bytes) -> bytes:
    """A pickle of {"x": name(arguments)}."""
    return b"\x80\x02}X\x01\x00\x00\x00xc" + name + arguments + b"Rs."


@pytest.mark.parametrize(
    "code",
    [
        _calling(b"__builtin__\nbytearray\n", b"J\xff\xff\xff\x7f\x85"),
        _calling(b"builtins\nbytearray\n", b"J\xff\xff\xff\x7f\x85"),
        _calling(b"torch\nFloatTensor\n", b"J\xff\xff\xff\x7f\x85"),
        _calling(b"torch._utils\n_rebuild_meta_tensor_no_storage\n", b")"),
        b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
        b"\x80\x02}(" + b"(" * 100_000 + b"t" * 100_000 + b"K\x01u.",
        b"\x80\x02" + b"(" * 300_000 + b".",
        b"\x80\x02I" + b"9" * 300_000 + b"\n.",
        b"\x80\x02X\xff\xff\xff\xffabc.",
        b"\x80\x02.",
        b"\x80\x02K\x01.",
        b"",
    ],
)
def test_pickles_that_ask_for_more_than_tensors_are_refused(code: bytes, tmp_path: Path) -> None:
    parts = members(state_dict_file({"x": torch.ones(2)}))
    refused(put(tmp_path, "a.pt", zipped(parts | {"archive/data.pkl": code})))


def test_tensors_cannot_reach_beyond_what_the_file_holds(tmp_path: Path) -> None:
    parts = members(state_dict_file({"x": torch.ones(2)}))
    code = parts["archive/data.pkl"]
    assert code.count(b"K\x02") == 2  # the storage has two numbers, and the tensor takes two
    refused(put(tmp_path, "a.pt", zipped(parts | {"archive/data.pkl": code.replace(b"K\x02", b"K\x09")})))
    first, rest = code.split(b"K\x02", 1)
    far = first + b"K\x02" + rest.replace(b"K\x02\x85", b"J\x00\x00\x00\x40\x85")
    assert far != code
    refused(put(tmp_path, "b.pt", zipped(parts | {"archive/data.pkl": far})))
    # one number, repeated along axes of no stride: nothing in the file, everything in memory
    size = b"(J\x00\x00\x01\x00J\x00\x00\x01\x00t"
    many = first + b"K\x02" + rest.replace(b"K\x02\x85", size, 1).replace(b"K\x01\x85", b"K\x00K\x00\x86", 1)
    refused(put(tmp_path, "c.pt", zipped(parts | {"archive/data.pkl": many})), "too many numbers")


def test_programs_and_old_files_of_pytorch_are_refused_in_words(tmp_path: Path) -> None:
    parts = members(state_dict_file({"x": torch.ones(2)}))
    refused(put(tmp_path, "a.pt", zipped(parts | {"archive/constants.pkl": b""})), "is a program")
    refused(put(tmp_path, "b.pt", zipped(parts | {"archive/byteorder": b"big"})), "order of bytes")
    refused(put(tmp_path, "c.pt", state_dict_file(torch.nn.Linear(1, 1))), "holds more than weights")
    refused(put(tmp_path, "d.pt", state_dict_file(OrderedDict(epoch=1))), "no tensors")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save({"x": torch.ones(2)}, tmp_path / "e.pt", _use_new_zipfile_serialization=False)
    refused(tmp_path / "e.pt", "before 1.6")


HUGE = 10**12


@pytest.mark.parametrize(
    "content",
    [
        npy(f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({HUGE},), }}\n"),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, -2), }\n", bytes(16)),
        npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", pickle.dumps([1])),
        npy("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }\n", bytes(8)),
        npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }\n", bytes(4)),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }\n", bytes(8)),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': __import__('os'), }\n"),
        npy("{" * 9000),
        b"",
        b"\x93NUMPY\x09\x00",
    ],
)
def test_arrays_that_are_none_are_refused(content: bytes, tmp_path: Path) -> None:
    refused(put(tmp_path, "a.npz", zipped({"x.npy": content})), "not an array of numbers")


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    size = 40 * 2**20
    header = npy(f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({size},), }}\n")
    with (
        zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w") as member,
    ):
        member.write(header)
        for _ in range(40):
            member.write(bytes(2**20))
    assert (tmp_path / "a.npz").stat().st_size < 2**20
    refused(tmp_path / "a.npz", "unpacks to 40 MB")


def test_a_directory_that_fills_the_memory_is_not_read(tmp_path: Path) -> None:
    entry = zipped({"x.npy": b""})
    place = entry.index(b"PK\x01\x02")
    end = entry.index(b"PK\x05\x06")
    one = entry[place:end]
    count = archives._DIRECTORY // len(one) + 1
    tail = entry[end : end + 12] + (count * len(one)).to_bytes(4, "little") + entry[end + 16 :]
    path = put(tmp_path, "a.npz", entry[:place] + one * count + tail)
    refused(path, "not an .npz file")


def test_a_packed_member_that_is_encrypted_or_twice_there_is_refused(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for _ in range(2):
                archive.writestr("x.npy", b"")
    refused(put(tmp_path, "a.npz", stream.getvalue()))
    locked = bytearray(npz_file())
    for start in (b"PK\x03\x04", b"PK\x01\x02"):
        place = locked.index(start) + (6 if start[2] == 3 else 8)
        locked[place] |= 1
    refused(put(tmp_path, "b.npz", bytes(locked)))
    refused(put(tmp_path, "c.npz", zipped({"x.npy": b"1"}, zipfile.ZIP_LZMA)))
    refused(put(tmp_path, "d.npz", zipped({"x.txt": b"1"})), "not one of arrays alone")


@pytest.mark.parametrize(
    "content",
    [
        (2**62).to_bytes(8, "little"),
        (weights._LONGEST_HEADER + 1).to_bytes(8, "little") + b"{}",
        tensors({"x": {"dtype": "F32", "shape": [HUGE], "data_offsets": [0, 4 * HUGE]}}),
        tensors({"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, bytes(4)),
        tensors({"x": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, bytes(8)),
        tensors({"x": {"dtype": "F32", "shape": [1] * 9, "data_offsets": [0, 4]}}, bytes(4)),
        tensors({"x": {"dtype": "F32", "shape": [1] * 99, "data_offsets": [0, 4]}}, bytes(4)),
        tensors({"x" * 2000: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(4)),
        tensors({"x\n": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(4)),
        tensors(b'{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}',
                bytes(4)),
        tensors(b"[" * 100_000),
        tensors({}),
        b"",
    ],
)  # fmt: skip
def test_headers_that_lie_are_refused(content: bytes, tmp_path: Path) -> None:
    refused(put(tmp_path, "a.safetensors", content))


def test_what_is_no_file_or_too_large_is_said(tmp_path: Path) -> None:
    refused(tmp_path / "none.npz", "No such file")
    (tmp_path / "a.npz").mkdir()
    refused(tmp_path / "a.npz", "is not a file")
    refused(put(tmp_path, "a.h5", b""), "not a file of weights; those end in .safetensors, .npz")
    with (tmp_path / "large.safetensors").open("wb") as stream:
        stream.truncate(archives.LARGEST + 1)  # takes no space on the disk
    refused(tmp_path / "large.safetensors", "too large: 512 MB")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.npz")
        refused(tmp_path / "pipe.npz", "is not a file")


def _oracle(kind: str, content: bytes) -> dict[str, Any]:
    """What the form's own library reads."""
    if kind == ".safetensors":
        return dict(load_safetensors(content))
    if kind == ".npz":
        with np.load(io.BytesIO(content), allow_pickle=False) as found:
            return {name: found[name] for name in found.files if found[name].dtype.kind != "U"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = torch.load(io.BytesIO(content), weights_only=True)
    state = found if any(isinstance(each, torch.Tensor) for each in found.values()) else found["state_dict"]
    return {name: each.float().numpy() for name, each in state.items() if isinstance(each, torch.Tensor)}


def _try(kind: str, seed: int, folder: Path) -> bool:
    """Whether a damaged file is accepted, as the form's own library then does; else it is refused in one sentence."""
    chance = random.Random(seed)
    content = mutated(kind, FILES[kind](), chance)
    path = put(folder, f"a{kind}", content)
    try:
        found = read_arrays(path)
    except FileError as error:
        sentence = str(error)
        assert sentence and "\n" not in sentence and len(sentence) < 400
        return False
    try:
        expected = _oracle(kind, content)
    except Exception:
        # What is damaged is of no account, but libraries differ in what they look at: the numbers must be the old ones.
        expected = _oracle(kind, FILES[kind]())
    assert set(found.arrays) == set(expected), seed
    for name, values in expected.items():
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(found.arrays[name], np.asarray(values, np.float32), err_msg=str(seed))
    return True


def _try_many(kind: str, seeds: range, folder: Path) -> None:
    torch.manual_seed(0)
    tracemalloc.start()
    try:
        accepted = [_try(kind, seed, folder) for seed in seeds]
        assert tracemalloc.get_traced_memory()[1] < _MEMORY
    finally:
        tracemalloc.stop()
    assert 0 < sum(accepted) < len(accepted), "damage that is never, or always, seen tests nothing"


@pytest.mark.parametrize("kind", FILES)
def test_damaged_files_are_refused_or_read_as_their_own_library_does(kind: str, tmp_path: Path) -> None:
    _try_many(kind, range(150), tmp_path)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", FILES)
def test_thousands_of_damaged_files(kind: str, tmp_path: Path) -> None:
    _try_many(kind, range(5000), tmp_path)


def test_texts_in_a_header_may_be_anything(tmp_path: Path) -> None:
    said = {"layout": "sideways", "a": "[" * 5000, "b": '{"c": 1}', "d": "{"}
    content = tensors({"__metadata__": said, "x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(4))
    found = read_arrays(put(tmp_path, "a.safetensors", content))
    assert found.layout == "" and found.metadata["b"] == {"c": 1} and found.metadata["a"] == said["a"]
    parts = {"x.npy": members(npz_file())["fc1.bias.npy"]}
    for text in ("[" * 5000, "5", json.dumps({"layout": 3})):
        stream = io.BytesIO()
        np.save(stream, np.array(text))
        found = read_arrays(put(tmp_path, "a.npz", zipped(parts | {"metadata.npy": stream.getvalue()})))
        assert found.layout == "" and list(found.arrays) == ["x"]
