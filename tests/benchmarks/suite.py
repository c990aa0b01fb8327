"""The table of benchmarks. A new one is a module with a function ``measure`` and one row."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from .harness import Effort, Measure

__all__ = ["BENCHMARKS", "Benchmark"]


@dataclass(frozen=True)
class Benchmark:
    """One subject.

    Attributes
    ----------
    module : str
        Beside this one; its ``measure(effort)`` yields measures.
    question : str
        What it answers.
    needs : tuple of str
        Packages that it cannot do without.
    """

    module: str
    question: str
    needs: tuple[str, ...] = ()

    def run(self, effort: Effort) -> list[Measure]:
        """Measure in this process.

        Parameters
        ----------
        effort : Effort

        Returns
        -------
        list of Measure
        """
        module = importlib.import_module(f".{self.module}", __package__)
        return list(module.measure(effort))


BENCHMARKS = {
    "logger": Benchmark("logger", "How long is the calling thread held by AudioLogger.log?"),
    "drop_in": Benchmark("drop_in", "How long does al.Audio + run.log take in place of wandb.Audio + run.log?"),
    "cpu": Benchmark("cpu", "How much processor time do all threads take for 100 MB of 16-bit samples?"),
    "burst": Benchmark("burst", "What do 500 clips without pause cost: memory, time in all, time held?"),
    "bytes": Benchmark("stored_bytes", "What do ten epochs of predictions on 32 fixed clips take on disk?"),
    "encoding": Benchmark("encoding", "How fast and how exact is a clip turned into a file?"),
    "import": Benchmark("importing", "How long does import audio_logging take beyond numpy?"),
    "datasets": Benchmark("datasets", "How fast are datasets read?"),
    "dashboard": Benchmark(
        "dashboard",
        "How quickly does the dashboard answer, play and follow, and what does it take?",
        needs=("starlette", "uvicorn", "playwright"),
    ),
}
