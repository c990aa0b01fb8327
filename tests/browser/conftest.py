"""One Chromium for all of these tests, a context for each; runs and servers that tests share."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.runs.conftest import wandb_environment

from .chromium import find_chromium, launch
from .page import Board
from .view import View

MakeView = Callable[..., View]
MakeBoard = Callable[..., Board]
WriteStudy = Callable[[str], Path]


HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a test of a real browser try once more, on machines that are busy with others; pytest reports each such try.

    A test that fails now and then is looked into all the same: most that did had found a fault of the page.
    """
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="package")
def browser(require: Callable[[str], ModuleType], skip_or_fail: Callable[[str], Any]) -> Iterator[Any]:
    """The system's Chromium. Of this package only: while it runs, asyncio.run() does not work in the main thread."""
    require("starlette")
    require("uvicorn")
    require("playwright")
    if find_chromium() is None:
        skip_or_fail("there is no Chromium; install it, or name it in AUDIO_LOGGING_CHROMIUM")
    with launch() as browser:
        yield browser


@pytest.fixture(scope="package")
def write_study(tmp_path_factory: pytest.TempPathFactory) -> WriteStudy:
    """``write_study(name)`` lets the real loggers write a study of `recipes`; it returns its folder of runs."""

    def write(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        command = [sys.executable, "-m", "tests.browser.recipes", name, str(folder)]
        environment = {**wandb_environment(folder), "WANDB_SILENT": "true"}
        root = Path(__file__).parents[2]
        done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return folder / "wandb"

    return write


@pytest.fixture(scope="package")
def share_view(tmp_path_factory: pytest.TempPathFactory, browser: Any) -> Iterator[MakeView]:
    """``share_view(path, options=...)`` starts the command, which ends with the last test."""
    yield from _views(tmp_path_factory)


@pytest.fixture
def make_view(tmp_path_factory: pytest.TempPathFactory, browser: Any) -> Iterator[MakeView]:
    """``make_view(path, options=...)`` starts the command, which ends with the test."""
    yield from _views(tmp_path_factory)


def _views(folders: pytest.TempPathFactory) -> Iterator[MakeView]:
    with ExitStack() as views:

        def make(*paths: Path, options: tuple[str, ...] = (), home: Path | None = None) -> View:
            return views.enter_context(View(paths, home or folders.mktemp("home"), options))

        yield make


@pytest.fixture(scope="package")
def study(share_view: MakeView, write_study: WriteStudy) -> View:
    """The dashboard of three runs: two trainings, and known sounds. Nobody writes into it."""
    view = share_view(write_study("study"))
    view.wait_indexed(3)
    return view


@pytest.fixture(scope="package")
def many(share_view: MakeView, write_study: WriteStudy) -> View:
    """The dashboard of one run of 1,000 clips. Nobody writes into it."""
    view = share_view(write_study("many"))
    view.wait_indexed(1)
    return view


@pytest.fixture
def make_board(browser: Any, make_view: MakeView) -> Iterator[MakeBoard]:
    """``make_board(view, **context)`` opens no page yet; each has a context of its own, and is checked at the end.

    It comes behind `make_view`, so that the page is closed before its server ends.
    """
    boards: list[Board] = []

    def make(view: View, **options: Any) -> Board:
        context = browser.new_context(**{"viewport": {"width": 1400, "height": 900}, **options})
        boards.append(Board(context, view))
        return boards[-1]

    yield make
    try:
        for board in boards:
            board.check()
    finally:
        for board in boards:
            board.page.context.close()


@pytest.fixture
def board(make_board: MakeBoard, study: View) -> Board:
    """A page of the study, not opened yet."""
    return make_board(study)
