"""What the commands share: how they are declared, and how they print."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TypeAlias

__all__ = ["Subparsers", "add_json_option", "add_root_option", "new_command", "print_lines"]

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What ``ArgumentParser.add_subparsers`` returns; argparse has no public name for it."""


def new_command(commands: Subparsers, name: str, text: str) -> argparse.ArgumentParser:
    """Add a command with a one-line description."""
    return commands.add_parser(name, help=text, description=text[:1].upper() + text[1:] + ".")


def add_json_option(command: argparse.ArgumentParser) -> None:
    """Add ``--json``."""
    command.add_argument("--json", action="store_true", help="one JSON object a line")


def add_root_option(command: argparse.ArgumentParser) -> None:
    """Add ``--root``."""
    command.add_argument("--root", default="wandb", metavar="FOLDER", help="folder of runs (default: %(default)s)")


def print_lines(lines: Iterable[str]) -> None:
    """Print lines as they come."""
    for line in lines:
        print(line)
