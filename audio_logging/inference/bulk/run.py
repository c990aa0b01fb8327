"""predict_dataset: predictions for a folder, a list or a data set, into one file."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from audio_logging._types import StrPath
from audio_logging.errors import AudioValueError
from audio_logging.inference.bulk.inputs_list import InputList, list_inputs
from audio_logging.inference.bulk.journal import Journal
from audio_logging.inference.bulk.outcome import Outcome
from audio_logging.inference.bulk.predictor import PredictionOptions, Predictor
from audio_logging.inference.bulk.progress import show_progress
from audio_logging.inference.bulk.report import BadInput, BulkReport
from audio_logging.inference.bulk.tables import check_format, write_embeddings, write_rows
from audio_logging.inference.bulk.threads import predict_with_threads
from audio_logging.inference.classifier import AudioClassifier
from audio_logging.inference.embedder import AudioEmbedder
from audio_logging.inference.scores import Aggregate, FunctionName
from audio_logging.inference.windows import PadPolicy, WindowPolicy

__all__ = ["Engine", "predict_dataset"]

Engine: TypeAlias = Literal["threads", "ray"]

SLOWEST_HASH = 2**31
"""[bytes] Larger models are told apart by name and size only."""


def predict_dataset(
    inputs: Any,
    model: Any,
    *,
    out: StrPath,
    embeddings: StrPath | None = None,
    top_k: int | None = 5,
    window: float | None = None,
    hop: float | None = None,
    pad: PadPolicy | None = None,
    aggregate: Aggregate = "mean",
    function_to_apply: FunctionName | None = None,
    threshold: float | None = None,
    sample_rate: int | None = None,
    engine: Engine = "threads",
    workers: int | None = None,
    address: str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: bool = False,
) -> BulkReport:
    """Predict many clips, in order, and write rows as they come; a kill loses nothing that `resume` does not pick up.

    While it runs, results are in the folder ``<out>.partial``; `out` and `embeddings` appear when they are whole, with
    a report in ``<out>.report.json``. An input that cannot be used gets a row with its ``error``, and the others go on.

    Parameters
    ----------
    inputs : path, list or data set
        A folder, which is searched with all that is below it; a text file with a path a line; a list of anything that
        :func:`audio_logging.as_clip` takes; or a data set with a length.
    model : AudioClassifier, AudioEmbedder, or what :meth:`AudioClassifier.from_pretrained` takes
    out : path
        Ends in ``.jsonl``, ``.csv`` or ``.parquet``. Keys of a row: ``index``, ``path``, ``window``, ``windows``,
        ``start``, ``end`` [s], ``last_coverage``, ``label``, ``score``, ``scores``, ``embedding``, ``error``.
    embeddings : path, optional
        A ``.npy`` file for the vectors, float32; the key ``embedding`` says which row of it. Needs a model that gives
        embeddings.
    top_k, window, hop, pad, aggregate, function_to_apply, threshold
        As for :class:`AudioClassifier`; with ``aggregate="none"``, and always for an embedder, a row a window.
    sample_rate : int, optional
        [Hz] For bare samples.
    engine : {"threads", "ray"}
        Threads of this process, or actors of Ray Data; both give the same rows.
    workers : int, optional
        How many; default: one a processor.
    address : str, optional
        Of a running Ray cluster.
    resume : bool
        Whether to go on where an earlier call with the same arguments was stopped.
    overwrite : bool
        Whether to throw earlier results away.
    progress : bool
        Whether to show progress on standard error.

    Returns
    -------
    BulkReport

    Raises
    ------
    AudioValueError
        There are results already, or an argument is out of range.
    AudioLoggingError
        No inputs, no model, or an extra is missing; nothing was done then.
    OSError
        The results cannot be written; what was is kept.
    """
    target = _Target(Path(out), None if embeddings is None else Path(embeddings))
    check_format(target.out)
    if engine not in ("threads", "ray"):
        raise AudioValueError(f"got engine={engine!r}, wanted 'threads' or 'ray'")
    opened = model if isinstance(model, (AudioClassifier, AudioEmbedder)) else AudioClassifier.from_pretrained(model)
    options = PredictionOptions(top_k, aggregate, function_to_apply, threshold, WindowPolicy(window, hop, pad))
    predictor = Predictor(opened, options, embeddings is not None)
    predictor.check()
    listed = list_inputs(inputs, sample_rate)
    job = _job(predictor, listed)
    finished = target.begin(job, resume=resume, overwrite=overwrite)
    if finished is not None:
        return finished
    work = _Work(listed, predictor, engine, _workers(workers), address)
    return _run(work, target, job, shown=progress)


@dataclass(frozen=True)
class _Work:
    inputs: InputList
    predictor: Predictor
    engine: Engine
    workers: int
    address: str | None

    def outcomes(self, first: int) -> Iterator[Outcome]:
        inputs = self.inputs.starting_at(first)
        if self.engine == "threads":
            return predict_with_threads(self.predictor, inputs, workers=self.workers)
        from audio_logging.inference.bulk.ray_engine import predict_with_ray

        return predict_with_ray(self.predictor, inputs, workers=self.workers, address=self.address)


@dataclass(frozen=True)
class _Target:
    """Where results go."""

    out: Path
    embeddings: Path | None

    @property
    def partial(self) -> Path:
        return self.out.with_name(f"{self.out.name}.partial")

    @property
    def report(self) -> Path:
        return self.out.with_name(f"{self.out.name}.report.json")

    def begin(self, job: dict[str, Any], *, resume: bool, overwrite: bool) -> BulkReport | None:
        """Make room, or return the report when all was done before."""
        if overwrite and not resume and self.partial.exists():
            shutil.rmtree(self.partial)
        if self.partial.exists() and not resume:
            raise AudioValueError(
                f"{str(self.partial)!r} holds unfinished results: resume=True (--resume) goes on with them, "
                "overwrite=True (--overwrite) throws them away"
            )
        if not self.out.exists() or self.partial.exists() or overwrite:
            return None
        if not resume:
            raise AudioValueError(f"{str(self.out)!r} is there already; overwrite=True (--overwrite) makes it anew")
        return self._finished(job)

    def _finished(self, job: dict[str, Any]) -> BulkReport:
        try:
            report = BulkReport.read(self.report)
        except (OSError, ValueError):
            report = None
        if report is None or dict(report.job) != job:
            raise AudioValueError(
                f"{str(self.out)!r} holds other results, and nothing that was left unfinished; overwrite=True "
                "(--overwrite) makes it anew"
            )
        return report

    def finish(self, journal: Journal) -> None:
        """Put the results in their place; doing it twice does no harm."""
        state = journal.state
        if self.embeddings is not None:
            write_embeddings(journal.vectors_path, self.embeddings, count=state.vectors, size=state.size or 0)
        write_rows(journal.records(), self.out)


def _run(work: _Work, target: _Target, job: dict[str, Any], *, shown: bool) -> BulkReport:
    started = time.monotonic()
    journal = Journal(target.partial, job)
    try:
        resumed = journal.state.inputs
        with show_progress(shown=shown, total=len(work.inputs), done=resumed) as progress:
            for outcome in work.outcomes(resumed):
                journal.add(outcome)
                progress.advance(bad=len(journal.state.bad))
        target.finish(journal)
    finally:
        journal.close()
    state = journal.state
    report = BulkReport(
        out=str(target.out),
        embeddings=None if target.embeddings is None else str(target.embeddings),
        inputs=state.inputs,
        rows=state.rows,
        resumed=resumed,
        seconds=time.monotonic() - started,
        bad=tuple(BadInput(path, error) for path, error in state.bad),
        job=job,
    )
    report.write(target.report)
    journal.remove()
    return report


def _workers(asked: int | None) -> int:
    if asked is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if asked < 1:
        raise AudioValueError(f"got workers={asked!r}, wanted 1 or more")
    return asked


def _job(predictor: Predictor, inputs: InputList) -> dict[str, Any]:
    """Return what tells this prediction from others, as JSON."""
    options = predictor.options
    return {
        "version": 1,
        "model": predictor.model.name,
        "model_sha256": _hash(Path(predictor.model.name)),
        "kind": type(predictor.model).__name__,
        "top_k": options.top_k,
        "aggregate": options.aggregate,
        "function_to_apply": options.function_to_apply,
        "threshold": options.threshold,
        "window": options.policy.window,
        "hop": options.policy.hop,
        "pad": options.policy.pad,
        "embeddings": predictor.keeps_vectors,
        "inputs": len(inputs),
        "inputs_sha256": inputs.digest,
    }


def _hash(path: Path) -> str | None:
    if not path.is_file() or path.stat().st_size > SLOWEST_HASH:
        return None
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()
