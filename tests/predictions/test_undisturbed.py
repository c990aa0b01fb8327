from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from audio_logging.predictions.undisturbed import is_spread, undisturbed, unwrapped


@pytest.fixture
def torch(require: Callable[[str], ModuleType]) -> ModuleType:
    return require("torch")


def drawn(torch: Any = None) -> list[float]:
    """Draw a number from each generator."""
    numbers = [random.random(), float(np.random.rand())]  # noqa: NPY002
    return numbers if torch is None else [*numbers, float(torch.rand(()))]


def test_random_numbers_go_on_as_if_nothing_had_happened(torch: ModuleType) -> None:
    random.seed(1), np.random.seed(2), torch.manual_seed(3)  # noqa: NPY002
    expected = [drawn(torch), drawn(torch)]
    random.seed(1), np.random.seed(2), torch.manual_seed(3)  # noqa: NPY002
    before = drawn(torch)
    with undisturbed(None, seed=7):
        drawn(torch)
        torch.randn(1000)
    assert [before, drawn(torch)] == expected


def test_random_numbers_inside_are_the_same_each_time(torch: ModuleType) -> None:
    seen = []
    for _ in range(2):
        with undisturbed(None, seed=7):
            seen.append(drawn(torch))
        drawn(torch)
    assert seen[0] == seen[1]


@pytest.mark.parametrize("seed", [0, -1, 2**32, 2**40])
def test_any_seed_will_do(seed: int, torch: ModuleType) -> None:
    with undisturbed(None, seed=seed):
        pass


def test_the_gaussian_that_numpy_keeps_in_hand_is_kept(torch: ModuleType) -> None:
    np.random.seed(5)  # noqa: NPY002
    expected = [np.random.randn(), np.random.randn()]  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    first = np.random.randn()  # noqa: NPY002
    with undisturbed(None):
        np.random.randn()  # noqa: NPY002
    assert [first, np.random.randn()] == expected  # noqa: NPY002


def test_each_module_has_its_own_mode_again(torch: ModuleType) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2), torch.nn.Dropout())
    model.train()
    model[1].eval()
    with undisturbed(model) as inner:
        assert inner is model
        assert not any(module.training for module in model.modules())
        inner(torch.randn(3, 2))
    assert [module.training for module in model.modules()] == [True, True, False, True]
    assert int(model[1].num_batches_tracked) == 0


@pytest.mark.parametrize("enabled", [True, False])
def test_gradient_mode_is_as_before(torch: ModuleType, enabled: bool) -> None:
    model = torch.nn.Linear(2, 2)
    with torch.set_grad_enabled(enabled):
        with undisturbed(model) as inner:
            assert not inner(torch.ones(1, 2)).requires_grad
        assert torch.is_grad_enabled() is enabled


def test_everything_is_put_back_after_an_error_too(torch: ModuleType) -> None:
    model = torch.nn.Dropout()
    torch.manual_seed(3)
    expected = float(torch.rand(()))
    torch.manual_seed(3)
    with pytest.raises(KeyError), undisturbed(model):
        torch.rand(10)
        raise KeyError("x")
    assert model.training
    assert torch.is_grad_enabled()
    assert float(torch.rand(())) == expected


def test_gradients_that_are_on_their_way_stay(torch: ModuleType) -> None:
    model = torch.nn.Linear(2, 1)
    loss = model(torch.ones(1, 2)).sum()
    with undisturbed(model) as inner:
        inner(torch.zeros(1, 2))
    loss.backward()
    assert model.weight.grad.tolist() == [[1.0, 1.0]]


def test_a_scripted_model_is_put_back_too(torch: ModuleType) -> None:
    model = torch.jit.script(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout()))
    with undisturbed(model) as inner:
        assert not inner.training
    assert model.training


def test_data_parallel_wrappers_are_taken_off(torch: ModuleType) -> None:
    inner = torch.nn.Linear(2, 2)
    assert unwrapped(torch.nn.DataParallel(torch.nn.DataParallel(inner))) is inner
    assert unwrapped(inner) is inner
    assert unwrapped("a model of another kind") == "a model of another kind"


def test_models_that_are_spread_over_processes_are_told_apart(torch: Any) -> None:
    class FullyShardedDataParallel(torch.nn.Module):
        pass

    taken = torch.nn.Linear(2, 2)
    taken.weight.ds_id = 7  # as ZeRO 3 marks what it has taken
    assert is_spread(torch.nn.Sequential(FullyShardedDataParallel()))
    assert is_spread(taken)
    assert not is_spread(torch.nn.Linear(2, 2))
    assert not is_spread("a model of another kind")


def test_without_torch_it_is_not_imported() -> None:
    code = (
        "import sys, random; from audio_logging.predictions.undisturbed import undisturbed\n"
        "with undisturbed(object(), seed=1): random.random()\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
