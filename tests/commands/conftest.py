"""Commands as the command line calls them, on runs written by the real wandb."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

import pytest

from audio_logging.commands.artifacts import add_artifacts_command
from audio_logging.commands.diff import add_diff_command
from audio_logging.commands.ls import add_ls_command
from audio_logging.commands.pack import add_pack_command, add_unpack_command
from audio_logging.commands.play import add_play_command
from tests.packing.conftest import logged, trained
from tests.runs.conftest import frame, make_run, wav

__all__ = ["frame", "logged", "make_run", "trained", "wav"]

Command = Callable[..., list[str]]

ADDERS = (
    add_artifacts_command,
    add_diff_command,
    add_ls_command,
    add_pack_command,
    add_play_command,
    add_unpack_command,
)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """``command("ls", path)`` runs a command and returns the lines that it printed."""

    def run(*arguments: Any) -> list[str]:
        parser = argparse.ArgumentParser()
        commands = parser.add_subparsers(required=True)
        for add in ADDERS:
            add(commands)
        options = parser.parse_args([str(argument) for argument in arguments])
        assert options.run(options) == 0
        return capsys.readouterr().out.splitlines()

    return run


@pytest.fixture
def records(command: Command) -> Callable[..., list[dict[str, Any]]]:
    """The same with ``--json``: the objects that it printed."""
    return lambda *arguments: [json.loads(line) for line in command(*arguments, "--json")]
