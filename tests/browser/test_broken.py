"""Runs as crashes, full disks and tidy people leave them: what is whole is shown, what is not is said."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import MakeBoard, MakeView
from .page import Board
from .view import View

NOT_FOUND = "404|Failed to load resource"


@pytest.fixture
def copied(study: View, tmp_path: Path) -> Path:
    """A copy of the run of known sounds, to be broken."""
    [run] = [
        run for run in study.paths[0].glob("offline-run-*") if "exact" in (run / SIDECAR).read_text(encoding="utf-8")
    ]
    return Path(shutil.copytree(run, tmp_path / "wandb" / run.name))


SIDECAR = Path("files") / "audio_logging" / "index.jsonl"

OpenBroken = Callable[[Path], tuple[View, Board]]


@pytest.fixture
def open_broken(make_view: MakeView, make_board: MakeBoard) -> OpenBroken:
    def open_page(run: Path) -> tuple[View, Board]:
        view = make_view(run)
        view.wait_indexed(1)
        return view, make_board(view).open()

    return open_page


def whole(study: View) -> list[dict[str, Any]]:
    return study.rows(run=study.run_id("sounds"))


def test_a_torn_sidecar_shows_every_whole_line(copied: Path, study: View, open_broken: OpenBroken) -> None:
    told = (copied / SIDECAR).read_bytes()
    cut = told.rindex(b'"path"')
    (copied / SIDECAR).write_bytes(told[:cut])
    for record in copied.glob("*.wandb"):
        record.unlink()
    _, board = open_broken(copied)
    total = board.total()
    assert total >= len(whole(study)) - 1


def test_garbage_in_the_sidecar_costs_its_lines_only(copied: Path, study: View, open_broken: OpenBroken) -> None:
    told = (copied / SIDECAR).read_bytes()
    garbage = b'\x00\xff\n{"key": 1}\n[]\nnull\n{"key": "x", "step": "y"}\n' + b"{" * 100_000 + b"\n"
    (copied / SIDECAR).write_bytes(garbage + told)
    view, board = open_broken(copied)
    assert {row["key"] for row in view.rows()} >= {row["key"] for row in whole(study)}
    board.page.locator("#runs").click()
    expect(board.page.get_by_role("dialog")).to_contain_text("problem")


@pytest.mark.parametrize("left", [7, 5000])
def test_a_torn_record_file_is_no_error(copied: Path, study: View, make_view: MakeView, left: int) -> None:
    [record] = copied.glob("*.wandb")
    record.write_bytes(record.read_bytes()[:left])
    view = make_view(copied)
    view.wait_indexed(1)
    assert len(view.rows()) == len(whole(study))


def test_without_sidecar_and_record_the_files_are_there(copied: Path, open_broken: OpenBroken) -> None:
    (copied / SIDECAR).unlink()
    for record in copied.glob("*.wandb"):
        record.unlink()
    view, board = open_broken(copied)
    rows = view.rows()
    assert len(rows) >= 10
    board.expect_selected(rows[0]["id"])
    board.key(" ")
    board.wait_heard(rows[0]["id"])


def test_a_vanished_file_is_said_in_the_list_and_in_the_detail(
    copied: Path, open_broken: OpenBroken, study: View
) -> None:
    for path in (copied / "files" / "media").rglob("*exact*/*"):
        path.unlink()
    for path in (copied / "files" / "media" / "audio" / "exact").glob("*"):
        path.unlink()
    view, board = open_broken(copied)
    row = view.row(key="exact/wav")
    assert row["missing"] is True
    board.allow(NOT_FOUND)
    board.select(row["id"])
    expect(board.option(row["id"])).to_contain_text("missing")
    expect(board.detail).to_contain_text("missing")
    board.key("Escape", " ")
    expect(board.detail).to_contain_text("missing")
    assert not board.heard()


def test_a_file_that_vanishes_while_the_page_is_open_is_said(copied: Path, open_broken: OpenBroken) -> None:
    view, board = open_broken(copied)
    board.allow(NOT_FOUND)
    row = view.row(key="long/clip")
    for path in (copied / "files" / "media" / "audio" / "long").glob("*"):
        path.unlink()
    board.select(row["id"])
    expect(board.detail.get_by_role("alert").or_(board.detail.locator(".problem:not(:empty)")).first).to_be_visible()
    other = view.row(key="levels/half")
    board.select(other["id"])
    board.wait_heard(other["id"])


@pytest.mark.parametrize("content", [b"", b"<script>alert(1)</script>" * 100])
def test_a_damaged_file_says_what_is_wrong_with_it(copied: Path, open_broken: OpenBroken, content: bytes) -> None:
    for path in (copied / "files" / "media" / "audio" / "exact").glob("*"):
        path.write_bytes(content)
    view, board = open_broken(copied)
    board.allow(NOT_FOUND + "|400|500")
    row = view.row(key="exact/wav")
    board.select(row["id"])
    expect(board.detail.locator(".problem:not(:empty)").or_(board.detail.get_by_role("alert")).first).to_be_visible()
    assert not board.heard()
    other = view.row(key="levels/half")
    board.select(other["id"])
    board.wait_heard(other["id"])


def test_a_clip_cut_short_plays_what_is_there(copied: Path, open_broken: OpenBroken) -> None:
    [path] = (copied / "files" / "media" / "audio" / "exact").glob("*")
    path.write_bytes(path.read_bytes()[:20_000])
    view, board = open_broken(copied)
    board.allow(NOT_FOUND + "|416|400|500")
    row = view.row(key="exact/wav")
    board.select(row["id"])
    board.wait_heard(row["id"])


def test_an_empty_folder_says_how_to_fill_it(make_view: MakeView, make_board: MakeBoard, tmp_path: Path) -> None:
    view = make_view(tmp_path)
    board = make_board(view).open(ready=False)
    expect(board.page.locator("#list-empty")).to_be_visible()
    expect(board.page.locator("#list-empty")).to_contain_text("log")


def test_a_run_without_clips_says_so(make_view: MakeView, make_board: MakeBoard, copied: Path) -> None:
    shutil.rmtree(copied / "files" / "media")
    (copied / SIDECAR).unlink()
    for record in copied.glob("*.wandb"):
        record.write_bytes(record.read_bytes()[:7])
    board = make_board(make_view(copied)).open(ready=False)
    expect(board.page.locator("#list-empty")).to_be_visible()


def test_an_address_of_clips_that_are_gone_leads_somewhere(make_board: MakeBoard, study: View) -> None:
    board = make_board(study)
    board.allow("404")
    board.open({"clip": "0123456789abcdef", "t": "3"})
    expect(board.option().first).to_be_visible()
    board.eventually(lambda: board.state().get("clip"), lambda clip: clip != ["0123456789abcdef"], "another clip")
    board.key("j")
    board.wait_heard()
