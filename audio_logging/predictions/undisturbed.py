"""undisturbed(model): run a model in the middle of its training, and leave no trace."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

__all__ = ["is_spread", "undisturbed", "unwrapped"]

WRAPPERS = ("DistributedDataParallel", "DataParallel")

SPREADERS = {"FullyShardedDataParallel", "FSDPModule", "DeepSpeedEngine"}


def unwrapped(model: Any) -> Any:
    """Return the model inside torch's data parallel wrappers.

    A forward pass of the wrapper on one process alone waits for, or crashes on, collective operations.
    """
    while type(model).__name__ in WRAPPERS and hasattr(model, "module"):
        model = model.module
    return model


def is_spread(model: Any) -> bool:
    """Whether a torch model's parameters are spread over processes, which then all have to take part in a forward pass.

    Parameters
    ----------
    model : object

    Returns
    -------
    bool
        Told by the classes of FSDP and DeepSpeed, and by parameters that are DTensors (tensor parallel) or that
        DeepSpeed's ZeRO 3 has taken.
    """
    torch: Any = sys.modules.get("torch")
    if torch is None or not isinstance(model, torch.nn.Module):
        return False
    if any(kind.__name__ in SPREADERS for module in model.modules() for kind in type(module).__mro__):
        return True
    return any(type(item).__name__ == "DTensor" or hasattr(item, "ds_id") for item in model.parameters())


@contextmanager
def undisturbed(model: Any, *, seed: int = 0) -> Iterator[Any]:
    """Let a model be used for predictions, then put everything back as it was.

    Inside, a torch model is in evaluation mode without gradients, and the random generators of Python, numpy and
    torch start from `seed`, so that sampling models can be compared over time. Afterwards each module has its own mode
    again (a frozen BatchNorm stays frozen), and gradient mode and all generators are as before, also after an error.

    Parameters
    ----------
    model : object
        Anything; only torch modules, Keras's on torch among them, have modes.
    seed : int

    Yields
    ------
    object
        The model, without data parallel wrappers.
    """
    inner = unwrapped(model)
    with ExitStack() as stack:
        stack.enter_context(_random_state(seed))
        torch: Any = sys.modules.get("torch")
        if torch is not None:
            stack.enter_context(_torch_random_state(torch, seed))
            stack.enter_context(_grad_mode(torch))
            if isinstance(inner, torch.nn.Module):
                stack.enter_context(_evaluation_mode(inner))
        yield inner


@contextmanager
def _random_state(seed: int) -> Iterator[None]:
    python_state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002 - the user's global one
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)  # noqa: NPY002


@contextmanager
def _torch_random_state(torch: Any, seed: int) -> Iterator[None]:
    # Not torch.manual_seed: it would also seed a GPU that is not in use yet, at the time when it comes into use.
    cpu_state = torch.get_rng_state()
    gpus = [gpu for gpu in (_cuda(torch), _mps(torch)) if gpu is not None]
    gpu_states = [(gpu, gpu.get_rng_state_all() if gpu is torch.cuda else gpu.get_rng_state()) for gpu in gpus]
    torch.default_generator.manual_seed(seed)
    for gpu in gpus:
        (gpu.manual_seed_all if gpu is torch.cuda else gpu.manual_seed)(seed)
    try:
        yield
    finally:
        torch.set_rng_state(cpu_state)
        for gpu, state in gpu_states:
            (gpu.set_rng_state_all if gpu is torch.cuda else gpu.set_rng_state)(state)


def _cuda(torch: Any) -> Any:
    return torch.cuda if torch.cuda.is_available() and torch.cuda.is_initialized() else None


def _mps(torch: Any) -> Any:
    return torch.mps if torch.backends.mps.is_available() else None


@contextmanager
def _grad_mode(torch: Any) -> Iterator[None]:
    before = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    try:
        yield
    finally:
        torch.set_grad_enabled(before)


@contextmanager
def _evaluation_mode(model: Any) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
