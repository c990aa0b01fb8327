"""Measure, and print Markdown tables; with ``--write``, into docs/benchmarks.md too."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from .harness import FULL, QUICK, Effort, in_fresh_process
from .report import PAGE, conditions, markdown, write_section
from .suite import BENCHMARKS

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.

    Returns
    -------
    int
        Exit status.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"got {', '.join(unknown)}, wanted some of {', '.join(BENCHMARKS)}")
    if options.list:
        print("\n".join(f"{name:10} {benchmark.question}" for name, benchmark in BENCHMARKS.items()))
        return 0
    print(conditions())
    for name in options.names or BENCHMARKS:
        _report(name, QUICK if options.quick else FULL, write=options.write)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    parser.add_argument("--list", action="store_true", help="say what there is")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one round: does it run?")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    return parser


def _report(name: str, effort: Effort, *, write: bool) -> None:
    started = time.perf_counter()
    text = markdown(in_fresh_process(BENCHMARKS[name].run, effort))
    print(f"\n## {name} ({time.perf_counter() - started:.0f} s)\n\n{text}", flush=True)
    if write:
        write_section(PAGE, name, text)
        write_section(PAGE, "conditions", conditions())


if __name__ == "__main__":
    sys.exit(main())
