"""``audio-logging view``, without a server behind it where none is needed."""

from __future__ import annotations

import subprocess
import sys
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from audio_logging.cli import main
from audio_logging.dashboard.server.hosts import without_brackets
from audio_logging.dashboard.server.listening import PortError, listen
from audio_logging.dashboard.server.serving import Dashboard, title_of

Viewed = Callable[..., int]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses that a browser was started with."""
    addresses: list[str] = []
    monkeypatch.setattr(webbrowser, "open", addresses.append)
    return addresses


@pytest.fixture
def viewed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, opened: list[str]) -> Viewed:
    """``viewed(*options)`` is the command over a run without clips; the server ends as soon as it has begun."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    monkeypatch.setattr(Dashboard, "run", Dashboard.close)
    monkeypatch.setenv("DISPLAY", ":0")
    (tmp_path / "wandb" / "run-20261120_083536-0pz8k5o9").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    def view(*options: str) -> int:
        status = main(["view", *options])
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and thread.name.startswith("opening"):
                thread.join(10)
        return status

    return view


def test_the_runs_of_this_folder_are_shown_and_the_page_is_opened(
    viewed: Viewed, opened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert viewed() == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("Listen at http://127.0.0.1:") and printed.out.count("\n") == 1
    assert printed.err == ""
    [address] = opened
    assert address.partition("?token=")[0] == printed.out.split()[2].partition("?token=")[0]
    assert address != printed.out.split()[2]  # other users read the browser's command line: its token works once


def test_no_browser_is_opened_when_none_is_wanted_or_there_is_no_screen(
    viewed: Viewed, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert viewed("--no-open") == 0
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    assert viewed() == 0
    assert opened == []


@pytest.mark.parametrize("error", [webbrowser.Error("none"), OSError("none")])
def test_a_browser_that_fails_is_nobodys_business(
    viewed: Viewed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def fail(_address: str) -> None:
        raise error

    monkeypatch.setattr(webbrowser, "open", fail)
    assert viewed() == 0
    assert capsys.readouterr().err == ""


def test_a_folder_that_is_not_there_is_said_with_what_to_type(
    viewed: Viewed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert viewed("nowhere") == 1
    assert capsys.readouterr().err == (
        f"audio-logging: there is no 'nowhere' in {str(tmp_path)!r}; "
        "type: audio-logging view FOLDER, the one that wandb wrote its runs into\n"
    )


def test_a_folder_without_runs_is_said_and_its_page_is_opened_all_the_same(
    viewed: Viewed, tmp_path: Path, opened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "new").mkdir()
    assert viewed("new") == 0
    assert capsys.readouterr().err == (
        "audio-logging: there is no run in 'new' yet; those that are logged there will appear\n"
    )
    assert len(opened) == 1


def test_a_file_that_is_no_run_is_refused(viewed: Viewed, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").touch()
    assert viewed("notes.txt") == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("audio-logging: 'notes.txt' is no run: ") and printed.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "warning"),
    [
        (["--host", "0.0.0.0"], "everybody there who sees the address below can listen, and nothing is encrypted"),
        (["--host", "0.0.0.0", "--no-token"], "everybody there can listen, and nothing is encrypted"),
        (["--no-token"], "without a token, every user and program of this machine can listen"),
    ],
)
def test_what_lets_others_listen_is_warned_of(
    viewed: Viewed, capsys: pytest.CaptureFixture[str], options: list[str], warning: str
) -> None:
    assert viewed("--no-open", *options) == 0
    assert warning in capsys.readouterr().err


@pytest.mark.parametrize("host", ["LOCALHOST", "127.1", "::1", "[::1]"])
def test_what_only_this_machine_reaches_is_not_warned_of(
    viewed: Viewed, capsys: pytest.CaptureFixture[str], host: str
) -> None:
    skip_without(host)
    assert viewed("--no-open", "--host", host) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("host", "there"),
    [("127.0.0.1", "127.0.0.1"), ("127.0.0.2", "127.0.0.2"), ("localhost", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"),
     ("::1", "[::1]"), ("::", "[::1]")],
)  # fmt: skip
def test_on_another_machine_it_says_how_to_get_there(
    viewed: Viewed, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, host: str, there: str
) -> None:
    skip_without(host)
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22")
    assert viewed("--no-open", "--host", host) == 0
    printed = capsys.readouterr()
    port = urlsplit(printed.out.split()[2]).port
    assert f"type there: ssh -N -L {port}:{there}:{port} " in printed.err


def skip_without(host: str) -> None:
    """Skip where a machine has no such address: some have no IPv6, and macOS has 127.0.0.1 alone."""
    try:
        listen(without_brackets(host), 0).close()
    except PortError:
        pytest.skip(f"nothing listens on {host}")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--allowed-host", "http://hub.example.org"], "wanted a name such as hub.example.org"),
        (["--host", "192.0.2.1"], "is no address of this machine"),
        (["--notes", "missing/notes.json"], "make it first"),
    ],
)
def test_options_that_make_no_sense_are_said_in_one_line(
    viewed: Viewed, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert viewed("--no-open", *options) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err and printed.err.count("\n") == 1


@pytest.mark.parametrize("port", ["-1", "65536", "x", "", "\u0661"])
def test_a_port_that_is_none_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["view", f"--port={port}"])
    assert "wanted a port: 0 (a free one) to 65535" in capsys.readouterr().err


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_without_the_extra_it_says_what_to_install(tmp_path: Path, package: str) -> None:
    script = (
        f"import sys; sys.modules[{package!r}] = None; from audio_logging.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "view", str(tmp_path), "--no-open"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr == f'audio-logging: {package} is not installed; type: pip install "audio-logging[dashboard]"\n'


def test_other_commands_start_without_a_server_and_nothing_of_wandb() -> None:
    script = "import sys, audio_logging.cli; "
    script += "print([name for name in ('starlette', 'uvicorn', 'wandb') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n"


def test_the_server_needs_nothing_of_wandb() -> None:
    script = "import sys, audio_logging.dashboard.server.serving; print('wandb' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n"


def test_help_says_what_each_option_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["view", "--help"])
    text = capsys.readouterr().out
    for option in ("--port", "--host", "--no-open", "--allowed-host", "--notes", "--no-token", "ssh -N -L", "Ctrl-C"):
        assert option in text


def test_a_page_is_called_after_its_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert title_of(["a/wandb", "b/wandb"]) == "a/wandb, b/wandb"
    assert title_of(["wandb"]) == f"{tmp_path.name}/wandb"
    assert title_of([Path("runs/offline-run-1")]) == "offline-run-1"


def test_a_dashboard_may_run_beside_a_program(tmp_path: Path) -> None:
    httpx = pytest.importorskip("httpx")
    with Dashboard([tmp_path], cache=tmp_path / "cache") as dashboard, httpx.Client() as browser:
        assert browser.get(dashboard.address).status_code == 200
        assert browser.get(f"{dashboard.page}api/about").json()["live"] is True
        used: Any = browser.get(dashboard.one_time_address())
        assert used.status_code == 200
    assert "audio-logging dashboard" not in {thread.name for thread in threading.enumerate()}
