"""The command line: ``audio-logging COMMAND``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from audio_logging import __version__
from audio_logging.commands.artifacts import add_artifacts_command
from audio_logging.commands.diff import add_diff_command
from audio_logging.commands.ls import add_ls_command
from audio_logging.commands.pack import add_pack_command, add_unpack_command
from audio_logging.commands.play import add_play_command
from audio_logging.dashboard.command import add_view_command
from audio_logging.dashboard.export_command import add_export_command
from audio_logging.errors import AudioLoggingError
from audio_logging.inference.command import add_predict_command

__all__ = ["main"]

DEMO_EPOCHS = 12
DEMO_PROJECT = "audio-logging-demo"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.

    Returns
    -------
    int
        0; 1 when something is not as it should be, said in one line; 2 for a command that cannot be understood;
        130 when interrupted.
    """
    options = _parser().parse_args(arguments)
    try:
        status = int(options.run(options))
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        return _end_quietly()
    except (AudioLoggingError, OSError) as error:
        print(f"audio-logging: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("audio-logging: interrupted", file=sys.stderr)
        return 130


def _end_quietly() -> int:
    """End as ``ls | head`` should: whoever reads has seen enough, and the interpreter must not flush once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="audio-logging", description="Hear what your model hears.")
    parser.add_argument("--version", action="version", version=f"audio-logging {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_demo(commands)
    for add in (
        add_ls_command,
        add_play_command,
        add_view_command,
        add_export_command,
        add_artifacts_command,
        add_diff_command,
        add_pack_command,
        add_unpack_command,
        add_predict_command,
    ):
        add(commands)
    return parser


def _add_demo(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "train a small model, and log samples, predictions and denoised clips to an offline run"
    command = commands.add_parser("demo", help=text, description=text.capitalize() + ".")
    command.add_argument(
        "--data", metavar="DIR", help="folder with a folder of audio files per class (default: synthetic sounds)"
    )
    command.add_argument("--epochs", type=_positive, default=DEMO_EPOCHS, metavar="N", help="default: %(default)s")
    command.add_argument("--seed", type=_not_negative, default=0, metavar="S", help="default: %(default)s")
    command.add_argument("--project", default=DEMO_PROJECT, metavar="P", help="W&B project (default: %(default)s)")
    command.set_defaults(run=_demo)


def _demo(options: argparse.Namespace) -> int:
    from audio_logging.demo.main import run_demo

    run_demo(options.data, epochs=options.epochs, seed=options.seed, project=options.project).show()
    return 0


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive whole number")
    return number


def _not_negative(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**32:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 4294967295")
    return number
