"""``audio-logging pack`` and ``unpack``: runs in one file, to carry off a machine, and back."""

from __future__ import annotations

import argparse
import json

from audio_logging.commands.forms import Subparsers, add_json_option, new_command
from audio_logging.listing import find_runs
from audio_logging.listing.lines import counted, readable_size
from audio_logging.packing import pack, unpack

__all__ = ["add_pack_command", "add_unpack_command"]


def add_pack_command(commands: Subparsers) -> None:
    """Add ``pack``."""
    command = new_command(commands, "pack", "put runs into one file, with their clips and artifacts, to carry them off")
    command.add_argument("path", nargs="+", metavar="RUN", help="a run, or a folder of runs for all in it")
    command.add_argument("-o", "--output", required=True, metavar="FILE", help="such as run.tar; must not be there yet")
    command.add_argument("--group", metavar="NAME", help="only runs of this group")
    command.add_argument(
        "--links", action="store_true", help="also take what links in the runs' folders lead to, as run.save makes them"
    )
    add_json_option(command)
    command.set_defaults(run=_pack)


def add_unpack_command(commands: Subparsers) -> None:
    """Add ``unpack``."""
    command = new_command(commands, "unpack", "take the runs out of a file that pack made")
    command.add_argument("file", metavar="FILE")
    command.add_argument("--into", default="wandb", metavar="FOLDER", help="default: %(default)s")
    add_json_option(command)
    command.set_defaults(run=_unpack)


def _pack(options: argparse.Namespace) -> int:
    runs = {run.folder.resolve(): run for path in options.path for run in find_runs(path, group=options.group)[0]}
    packed = pack(runs.values(), options.output, links=options.links)
    if options.json:
        told = {"file": str(packed.path), "runs": packed.runs, "files": packed.members, "size": packed.size}
        print(json.dumps({**told, "saved": packed.saved, "problems": packed.problems}))
        return 0
    what = f"{counted(len(packed.runs), 'run')}, {counted(packed.members, 'file')}, {readable_size(packed.size)}"
    print(f"packed {what} into {packed.path}")
    if packed.saved:
        print(f"{readable_size(packed.saved)} of repeated content is in it once")
    _print_problems(packed.problems)
    print(f"take them out: audio-logging unpack {packed.path}")
    return 0


def _unpack(options: argparse.Namespace) -> int:
    unpacked = unpack(options.file, options.into)
    if options.json:
        folders = [str(folder) for folder in unpacked.folders]
        print(json.dumps({"runs": folders, "files": unpacked.members, "problems": unpacked.problems}))
        return 0
    print(f"unpacked {counted(len(unpacked.folders), 'run')}, {counted(unpacked.members, 'file')}:")
    for folder in unpacked.folders:
        print(f"  {folder}")
    _print_problems(unpacked.problems)
    return 0


def _print_problems(problems: tuple[str, ...]) -> None:
    for problem in problems:
        print(f"note: {problem}")
