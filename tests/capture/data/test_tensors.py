"""Fingerprints of what torch and TensorFlow hold, where they are installed."""

import numpy as np
import pytest

from nbtrack.capture.data import fingerprint, is_data
from tests.capture.data.digests import digest

NUMBERS = np.arange(12.0).reshape(3, 4)


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


@pytest.fixture(scope="module")
def tensorflow():
    return pytest.importorskip("tensorflow")


@pytest.mark.parametrize("dtype", ["?", "u1", "i4", "i8", "f2", "f4", "f8", "c8"])
def test_a_tensor_is_the_array_it_holds(torch, dtype):
    array = NUMBERS.astype(dtype)
    assert digest(torch.from_numpy(array)) == digest(array)
    assert digest(torch.from_numpy(array).T) == digest(array.T)


def test_what_torch_knows_beside_the_values_makes_no_difference(torch):
    tensor = torch.from_numpy(NUMBERS)
    assert digest(tensor.clone().requires_grad_()) == digest(NUMBERS)
    assert digest(torch.nn.Parameter(tensor)) == digest(NUMBERS)
    assert digest((tensor + 1j).conj()) == digest(np.conj(NUMBERS + 1j))


def test_numbers_that_numpy_does_not_know(torch):
    one = torch.arange(6).to(torch.bfloat16)
    assert digest(one) == digest(torch.stack([one, one], 1)[:, 0])
    assert digest(one) != digest(one + 1)
    assert digest(one) != digest(one.reshape(2, 3))
    assert digest(one) != digest(one.to(torch.float16))
    assert fingerprint(one).size_bytes == 12


def test_a_tensor_that_is_elsewhere_is_not_read(torch):
    found = fingerprint(torch.empty(3, 4, device="meta"))
    assert (found.digest, found.shape) == ("", (3, 4))
    assert found.note == "not read: on meta"


def test_a_sparse_tensor_says_that_it_is_not_read(torch):
    found = fingerprint(torch.from_numpy(NUMBERS).to_sparse())
    assert found.digest == ""
    assert "torch.sparse_coo" in found.note


def test_a_single_number_of_torch_is_a_setting(torch):
    assert not is_data(torch.tensor(0.5))


class _Counting:
    """Counts what is asked of a data set."""

    def __init__(self):
        self.asked = 0

    def __len__(self):
        self.asked += 1
        return 3

    def __getitem__(self, place):
        self.asked += 1
        return place


def test_a_data_set_is_what_it_holds_and_nobody_goes_through_it(torch):
    class Mine(_Counting, torch.utils.data.Dataset):
        def __init__(self, X):
            super().__init__()
            self.X = X

    mine = Mine(torch.from_numpy(NUMBERS))
    loader = torch.utils.data.DataLoader(mine, batch_size=2, shuffle=True)
    asked = mine.asked
    found = fingerprint(mine)
    assert found.is_sampled
    assert found.note == "by what it holds, not by what it makes of it"
    assert found.digest == digest(Mine(torch.from_numpy(NUMBERS)))
    assert found.digest != digest(Mine(torch.from_numpy(NUMBERS + 1)))
    assert digest(loader) != digest(torch.utils.data.DataLoader(Mine(torch.ones(5))))
    assert mine.asked == asked


def test_parts_of_a_data_set_of_torch_differ(torch):
    data = torch.utils.data
    whole = data.TensorDataset(torch.from_numpy(NUMBERS), torch.arange(3))
    one, other = data.Subset(whole, [0, 1]), data.Subset(whole, [0, 2])
    assert len({digest(whole), digest(one), digest(other)}) == 3
    assert digest(one) == digest(data.Subset(whole, [0, 1]))


def test_a_data_set_that_holds_nothing_is_not_read(torch):
    class Made(torch.utils.data.IterableDataset):
        def __iter__(self):
            raise AssertionError("somebody went through it")

    found = fingerprint(Made())
    assert (found.digest, found.kind) == ("", "torch.Dataset")
    assert found.note.startswith("not read: going through it")


def test_a_tensor_of_tensorflow_is_the_array_it_holds(tensorflow):
    assert digest(tensorflow.constant(NUMBERS)) == digest(NUMBERS)
    assert fingerprint(tensorflow.constant(["a", "b"])).shape == (2,)


def test_a_data_set_of_tensorflow_is_not_read(tensorflow):
    made = tensorflow.data.Dataset.from_tensor_slices(NUMBERS).batch(2)
    found = fingerprint(made)
    assert (found.kind, found.digest) == ("tensorflow.Dataset", "")
    assert "float64" in found.schema
