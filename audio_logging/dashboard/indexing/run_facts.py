"""What the page is told of a run, beside its clips."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, TypeAlias

from audio_logging.dashboard.indexing.json_values import number, plain_tree, text
from audio_logging.runs.locate import id_in_name
from audio_logging.runs.record_file import RecordTotals

__all__ = ["MAX_PROBLEMS", "State", "address_id", "facts_of", "problem_facts", "state_of"]

State: TypeAlias = Literal["running", "finished", "failed", "stopped"]

MAX_PROBLEMS = 100

QUIET = 60.0
"""[s] A run without an end that was not written to for so long is not running: wandb measures the system every 10 s."""

MAX_TEXT = 1000

MAX_SUMMARY_TREE = 20
"""Values in a summary's entry that is shown: tables, lists of clips and histograms have more."""


def address_id(run_id: str, salt: int) -> str:
    """Return what a run is called in addresses: 12 hexadecimal digits, the same wherever its folder lies.

    Parameters
    ----------
    run_id : str
    salt : int
        0, or what tells the run from another one of the same id.
    """
    told = f"{run_id} {salt}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(told, digest_size=6).hexdigest()


def state_of(exit_code: int | None, changed: float, now: float) -> State:
    """Return how a run is.

    Parameters
    ----------
    exit_code : int or None
    changed, now : float
        [s] When it was last written to, and now.
    """
    if exit_code is None:
        return "running" if now - changed < QUIET else "stopped"
    return "failed" if exit_code else "finished"


def facts_of(totals: RecordTotals, folder: Path, problems: Iterable[str]) -> dict[str, Any]:
    """Return what the records tell of a run, in strict JSON.

    Parameters
    ----------
    totals : RecordTotals
    folder : Path
    problems : iterable of str
        What could not be read.

    Returns
    -------
    dict
        Part of the contract's RunJson.
    """
    run = totals.run
    run_id = run.run_id or id_in_name(folder)
    return {
        "run_id": text(run_id),
        "name": _text(run.name) or text(run_id),
        "project": _text(run.project),
        "group": _text(run.group),
        "exit_code": number(totals.exit_code),
        "started": number(run.started),
        "tags": [text(tag[:MAX_TEXT]) for tag in run.tags[:MAX_PROBLEMS]],
        "config": plain_tree(_without_own(totals.config)),
        "summary": plain_tree(_small_ones(_without_own(totals.summary))),
        "folder_name": text(folder.name),
        **problem_facts(problems),
    }


def problem_facts(problems: Iterable[str]) -> dict[str, Any]:
    """Return the part of a run's facts that its problems are."""
    told = list(problems)
    return {"problems": [text(problem) for problem in told[:MAX_PROBLEMS]], "problem_count": len(told)}


def _text(told: str) -> str | None:
    return text(told[:MAX_TEXT]) if told else None


def _without_own(tree: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in tree.items() if name != "_wandb"}


def _small_ones(tree: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in tree.items() if _is_small(value)}


def _is_small(value: Any) -> bool:
    if isinstance(value, dict):
        return "_type" not in value and len(value) <= MAX_SUMMARY_TREE and all(map(_is_small, value.values()))
    if isinstance(value, list):
        return len(value) <= MAX_SUMMARY_TREE and not any(isinstance(item, (dict, list)) for item in value)
    return True
