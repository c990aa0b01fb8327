"""``audio-logging ls``: runs, the keys of a run, the clips of a key."""

from __future__ import annotations

import argparse

from audio_logging.commands.forms import Subparsers, add_json_option, new_command, print_lines
from audio_logging.listing import clip_lines, find_runs, key_lines, run_lines

__all__ = ["add_ls_command"]


def add_ls_command(commands: Subparsers) -> None:
    """Add ``ls``."""
    command = new_command(commands, "ls", "list the runs of a folder, the keys of a run, or the clips of a key")
    command.add_argument("path", nargs="?", default="wandb", help="folder of runs, or a run (default: %(default)s)")
    command.add_argument("key", nargs="?", help="list the clips logged under this key; * and ? match any characters")
    command.add_argument("--step", type=float, metavar="N", help="only clips of this step")
    command.add_argument("--group", metavar="NAME", help="only runs of this group, their keys listed together")
    add_json_option(command)
    command.set_defaults(run=_ls)


def _ls(options: argparse.Namespace) -> int:
    runs, is_folder = find_runs(options.path, group=options.group)
    if options.key is not None or options.step is not None:
        lines = clip_lines(runs, options.key or "*", step=options.step, json=options.json)
    elif is_folder and options.group is None:
        lines = run_lines(runs, json=options.json)
    else:
        lines = key_lines(runs, json=options.json)
    print_lines(lines)
    return 0
