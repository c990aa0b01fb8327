"""What the page asks for, and what it is told when it asks for something else."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio_logging.dashboard.front_end import SCRIPT, STYLE, WEB
from audio_logging.dashboard.server import pages
from tests.dashboard.server.conftest import Serve, Served


def test_about_says_what_this_is(served: Served) -> None:
    about = served.json("/api/about")
    assert about == {
        "version": served.service.catalog.version,
        "data_version": served.service.catalog.version,
        "live": True,
        "exported": False,
        "notes": {"kept": False, "where": None},
        "title": "served",
    }


def test_runs_and_clips_are_those_of_the_catalog(served: Served) -> None:
    [run] = served.json("/api/runs")
    assert (run["name"], run["project"], run["clips"]) == ("first <try>", "served", 10)
    page = served.json("/api/clips?key=val/tone&offset=2&limit=3")
    assert (page["total"], page["offset"], len(page["rows"])) == (9, 2, 3)
    assert {row["run"] for row in page["rows"]} == {run["id"]}


def test_captions_are_data_whatever_is_in_them(served: Served) -> None:
    captions = {row["caption"] for row in served.rows("key=val/tone")}
    assert '<img src=x onerror="alert(1)">' in captions
    assert "\u202e\u9ce5" in captions
    assert served.get("/api/clips").headers["content-type"] == "application/json"


def test_a_clip_its_place_and_its_relatives(served: Served) -> None:
    rows = served.rows("key=val/tone&sort=-step")
    clip = served.json(f"/api/clip/{rows[4]['id']}")
    assert (clip["id"], clip["run_name"]) == (rows[4]["id"], "first <try>")
    assert served.json(f"/api/position?key=val/tone&sort=-step&clip={rows[4]['id']}") == {"position": 4}
    assert served.json("/api/position?clip=0000000000000000") == {"position": -1}
    related = served.json(f"/api/related/{rows[4]['id']}")
    assert [row["step"] for row in related["rows"]] == [0, 1, 2]


def test_facets_and_points_follow_the_query(served: Served) -> None:
    assert [key["key"] for key in served.json("/api/facets")["keys"]] == ["long", "val/tone"]
    assert served.json("/api/facets?step=1")["total"] == 3
    assert served.json("/api/points?key=val/tone")["points"] == []


def test_peaks_of_many_clips_come_together_with_what_was_wrong(served: Served) -> None:
    ids = [row["id"] for row in served.rows("key=val/tone&step=0")]
    answer = served.get("/api/peaks", params=[("id", clip) for clip in [*ids, "missing"]] + [("n", "8")])
    told = answer.json()
    assert list(told) == [*ids, "missing"]
    assert "error" in told.pop("missing")
    peaks = np.frombuffer(base64.b64decode(told[ids[0]]["data"]), "<i2").reshape(1, 8, 2)
    assert (told[ids[0]]["channels"], told[ids[0]]["n"]) == (1, 8)
    assert np.abs(peaks).max() == pytest.approx(0.5 * 32767, abs=2)
    assert answer.headers["cache-control"] == "no-store"  # the missing one may come
    again = served.get("/api/peaks", params=[("id", clip) for clip in ids])
    assert again.headers["cache-control"] == "private, max-age=3600"


def test_peaks_of_a_part_of_one_clip(served: Served) -> None:
    [clip] = served.rows("key=long")
    told = served.json(f"/api/peaks?id={clip['id']}&n=100&start=1.5&end=2")
    assert told[clip["id"]]["n"] == 100


def test_spectrograms_are_pictures_of_the_size_asked_for(served: Served) -> None:
    [clip] = served.rows("key=long")
    answer = served.get(
        f"/spectrogram/{clip['id']}?scale=linear&colours=grey&width=30&height=20&start=0&end=1.5&channel=0"
        "&floor=-60&normalise=true&window=256"
    )
    assert answer.headers["content-type"] == "image/png"
    assert answer.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(answer.content[16:20], "big"), int.from_bytes(answer.content[20:24], "big")) == (30, 20)
    assert answer.headers["cache-control"] == "private, max-age=3600"


def test_levels_are_measured(served: Served) -> None:
    [clip] = served.rows("key=long")
    levels = served.json(f"/api/levels/{clip['id']}")
    assert levels["peak"] == pytest.approx(0.5, abs=1e-3)
    assert levels["frames"] == 480_000


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("/api/clips?limit=501", "wanted a whole number from 1 to 500"),
        ("/api/clips?limit=0", "wanted a whole number from 1 to 500"),
        ("/api/clips?offset=-1", "wanted a whole number from 0"),
        ("/api/clips?offset=" + "9" * 500, "wanted a whole number from 0"),
        ("/api/clips?nothing=1", "got the parameter 'nothing'"),
        ("/api/clips?step=x", "wanted a number or 'latest'"),
        ("/api/clips?where=loss", "NAME:OPERATOR:NUMBER"),
        ("/api/clips?sort=password", "wanted one of"),
        ("/api/clips?correct=maybe", "wanted true or false"),
        ("/api/facets?limit=3", "got the parameter 'limit'"),
        ("/api/position", "wanted clip=ID"),
        ("/api/about?x=1", "wanted none"),
        ("/api/peaks", "got 0 ids"),
        ("/api/peaks?id=a&id=b&start=0", "only one with start or end"),
        ("/api/peaks?id=a&n=0", "wanted a whole number from 1 to 4096"),
        ("/api/peaks?id=a&n=4097", "wanted a whole number from 1 to 4096"),
        ("/api/peaks?id=a&start=nan", "wanted a number such as 1.5"),
        ("/api/peaks?" + "&".join(f"id={number}" for number in range(101)), "got 101 values of id, wanted at most 100"),
        ("/api/related/a?" + "&".join(f"run={number}" for number in range(1001)), "wanted at most 1000"),
    ],
)
def test_parameters_out_of_bounds_are_answered_with_advice(served: Served, address: str, advice: str) -> None:
    answer = served.get(address)
    assert answer.status_code == 400
    assert advice in answer.json()["error"]


@pytest.mark.parametrize(
    "parameter",
    ["width=0", "width=2049", "height=513", "height=x", "scale=bark", "colours=pink", "start=nan", "end=inf",
     "channel=32",
     "channel=-1", "channel=left", "floor=-121", "floor=0", "normalise=yes", "window=100", "window=32", "window=16384",
     "what=1", "width=99999999999999999999"],
)  # fmt: skip
def test_spectrograms_have_bounds(served: Served, parameter: str) -> None:
    answer = served.get(f"/spectrogram/{served.rows('key=long')[0]['id']}?{parameter}")
    assert answer.status_code == 400
    assert "wanted" in answer.json()["error"]


@pytest.mark.parametrize(
    "address", ["/api/clip/x", "/api/related/x", "/api/levels/x", "/spectrogram/x", "/media/x", "/api/x"]
)
def test_what_is_not_there_is_not_found(served: Served, address: str) -> None:
    answer = served.get(address)
    assert answer.status_code == 404
    assert answer.json()["error"]


def test_every_file_of_the_page_is_served_and_not_sent_twice(served: Served) -> None:
    names = [file.relative_to(WEB).as_posix() for file in WEB.rglob("*.*") if file.is_file()]
    assert {"index.html", "main.js", "style.css", "clip/detail.js"} <= set(names)
    for name in names:
        answer = served.get(f"/web/{name}")
        assert name in (SCRIPT, STYLE) or answer.content == (WEB / name).read_bytes()
        assert answer.headers["cache-control"] == (
            "private, max-age=86400" if name.endswith(".svg") else "private, no-cache"
        )
        assert served.get(f"/web/{name}", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert served.get("/").content == (WEB / "index.html").read_bytes()


def test_all_modules_come_as_one_script(served: Served) -> None:
    """A hundred requests one behind the other take seconds through a tunnel."""
    answer = served.get("/web/main.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text.startswith('"use strict";') and "ServerSource" in answer.text
    assert not [line for line in answer.text.splitlines() if line.startswith(("import ", "export "))]


def test_who_edits_the_page_reloads_it(served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pages, "WEB", tmp_path)
    (tmp_path / "index.html").write_text("<title>mine</title>", encoding="utf-8")
    (tmp_path / "main.js").write_text('import { a } from "./a.js";\nshow(a);\n', encoding="utf-8")
    (tmp_path / "a.js").write_text("export const a = 1;\n", encoding="utf-8")
    first = served.get("/web/main.js")
    assert served.get("/").text == "<title>mine</title>" and "const a=1;" in first.text
    (tmp_path / "a.js").write_text("export const a = 12;\n", encoding="utf-8")
    second = served.get("/web/main.js", headers={"If-None-Match": first.headers["etag"]})
    assert (second.status_code, "const a=12;" in second.text) == (200, True)


def test_stars_filter_the_clips(served: Served) -> None:
    rows = served.rows()
    assert served.rows("starred=true") == []
    assert served.post(rows[3]["id"], {"star": True, "text": ""}).json()["star"] is True
    assert [row["id"] for row in served.rows("starred=true")] == [rows[3]["id"]]
    assert served.rows("starred=true&key=nothing") == []
    assert len(served.rows("starred=false")) == 10
    assert served.json("/api/facets?starred=true")["total"] == 1


def test_notes_are_kept_in_the_file_with_what_a_person_looks_for(serve: Serve, tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    served = serve(notes=file)
    served.enter()
    row = served.rows("key=val/tone&step=1")[0]
    put = served.post(row["id"], {"text": "clicks </script>"})
    assert put.status_code == 200
    assert served.json("/api/notes") == {row["id"]: put.json()}
    entry = json.loads(file.read_text(encoding="utf-8"))["notes"][row["id"]]
    assert (entry["run"], entry["key"], entry["step"], entry["caption"]) == (
        "first <try>",
        "val/tone",
        1,
        row["caption"],
    )
    assert served.json("/api/about")["notes"] == {"kept": True, "where": str(file)}


def test_what_is_wrong_with_the_file_of_notes_is_told_to_the_page(serve: Serve, tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    served = serve(notes=file)
    served.enter()
    file.write_text("{")
    for answer in (served.get("/api/notes"), served.post(served.rows()[0]["id"], {"star": True})):
        assert answer.status_code == 500
        assert "is no file of notes, and is left as it is" in answer.json()["error"]


def test_a_full_disk_is_told_to_the_page(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served = serve(notes=tmp_path / "notes.json")
    served.enter()
    clip = served.rows()[0]["id"]

    def fail(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    answer = served.post(clip, {"star": True})
    assert (answer.status_code, "No space left on device" in answer.json()["error"]) == (507, True)


@pytest.mark.parametrize("value", [[], "text", 3, {}, {"star": "yes"}, {"text": "x" * 10_001}])
def test_what_is_no_note_is_refused(served: Served, value: Any) -> None:
    answer = served.post(served.rows()[0]["id"], value)
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b'{"star": true}', "text/plain", 415),
        (b'{"star": true}', "application/x-www-form-urlencoded", 415),
        (b'{"star": true}', "", 415),
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 200_000, "application/json", 400),
        (b'{"text": "' + b"x" * 300_000 + b'"}', "application/json", 400),
        (b'{"star": true}', "Application/JSON; charset=utf-8", 200),
    ],
)
def test_only_json_of_a_bounded_size_is_read(served: Served, content: bytes, media_type: str, status: int) -> None:
    clip = served.rows()[0]["id"]
    headers = {"Origin": "http://127.0.0.1:8000", "Content-Type": media_type}
    answer = served.client.post(f"/api/notes/{clip}", content=content, headers=headers)
    assert answer.status_code == status


def test_a_note_of_no_clip_is_refused(served: Served) -> None:
    assert served.post("0" * 16, {"star": True}).status_code == 404
    assert served.client.get("/api/notes/" + "0" * 16).status_code == 405


def test_more_than_can_be_analysed_soon_is_refused(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served.service.analysing, "_most", 0)
    answer = served.get(f"/api/levels/{served.rows()[0]['id']}")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert "ask again" in answer.json()["error"]


def test_who_asks_while_the_server_ends_is_told(served: Served) -> None:
    clip = served.rows()[0]["id"]
    served.service.analysing.close()
    answer = served.get(f"/api/levels/{clip}")
    assert (answer.status_code, answer.json()) == (503, {"error": "the dashboard is ending"})
