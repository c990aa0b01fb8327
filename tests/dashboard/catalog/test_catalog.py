"""What the page asks, of a run that wandb really wrote and of runs made for the purpose."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio_logging.dashboard.catalog.catalog import Catalog
from audio_logging.dashboard.catalog.queries import Query
from audio_logging.dashboard.indexing.run_facts import address_id
from audio_logging.errors import NotFoundError
from audio_logging.runs import open_run

Open = Callable[..., Catalog]
NewRun = Callable[..., Any]


def strict(value: Any) -> Any:
    """Return what a browser gets."""
    return json.loads(json.dumps(value, allow_nan=False, ensure_ascii=False).encode())


def rows(catalog: Catalog, parameters: str = "") -> list[dict[str, Any]]:
    return list(strict(catalog.clips(Query.of(parameters), limit=500)["rows"]))


def column(catalog: Catalog, name: str, parameters: str = "") -> list[Any]:
    return [row.get(name) for row in rows(catalog, parameters)]


@pytest.fixture
def real(open_catalog: Open, real_runs: Path) -> Catalog:
    return open_catalog(real_runs)


def test_a_real_run_is_told_as_it_is(real: Catalog, real_runs: Path) -> None:
    [run] = strict(real.runs())
    [folder] = [path for path in real_runs.iterdir() if path.name.startswith("offline-run")]
    opened = open_run(folder)
    assert run == {
        "id": address_id(opened.id, 0),
        "run_id": opened.id,
        "name": "real",
        "project": "bells",
        "group": "g",
        "state": "finished",
        "exit_code": 0,
        "started": opened.started,
        "clips": len(opened.clips()),
        "indexed": True,
        "problems": [],
        "problem_count": 0,
        "config": {"lr": 0.1},
        "summary": run["summary"],
        "folder_name": folder.name,
        "tags": ["a"],
    }
    assert run["summary"]["best"] == 0.5
    assert "val/predictions" not in run["summary"]


def test_every_clip_is_listed_in_the_order_of_logging(real: Catalog, real_runs: Path) -> None:
    [opened] = [open_run(path) for path in real_runs.iterdir() if path.name.startswith("offline-run")]
    told = [(clip.key, clip.step, clip.index, clip.column, clip.sha256) for clip in opened.clips()]
    listed = rows(real)
    assert [row["index"] for row in listed] == [place[2] for place in told]
    # what a table repeats has its column, too
    assert [(row["key"], row["step"], row["sha256"]) for row in listed] == [(*place[:2], place[4]) for place in told]


def test_a_table_adds_what_the_sidecar_does_not_know(real: Catalog) -> None:
    listed = rows(real, "key=val/predictions&step=20")
    assert [row["metrics"] for row in listed] == [
        {"loss": n + 0.5, "label_score": 0.75 if n % 2 == 0 else 0.25} for n in range(4)
    ]
    assert {(row["table"], row["column"], row["role"]) for row in listed} == {
        ("val/predictions", "audio", "prediction")
    }
    assert [(row["label"], row["prediction"], row["correct"], row["score"]) for row in listed] == [
        (f"l{n % 2}", "l0", n % 2 == 0, 0.75) for n in range(4)
    ]


def test_a_table_of_the_users_own_is_as_good(real: Catalog) -> None:
    first, second = rows(real, "key=mine")
    assert (first["label"], first["clip_id"], first["correct"], first["column"]) == ("l0", "s0", True, "take")
    assert (second["label"], second["correct"], second["caption"]) == ("l1", False, "tone 2")
    assert "metrics" not in first
    assert first["step"] == 100


def test_embeddings_make_a_map_of_all_steps(real: Catalog) -> None:
    told = strict(real.points(Query()))
    assert (told["total"], len(told["points"])) == (8, 8)
    by_id = {row["id"]: row for row in rows(real, "key=val/predictions")}
    assert {point["id"] for point in told["points"]} == set(by_id)
    for point in told["points"]:
        row = by_id[point["id"]]
        assert (point["label"], point["prediction"], point["correct"]) == (row["label"], "l0", row["correct"])
    # the embeddings are [step, n, 1]: n differs the most, and is x
    xs = {round(point["x"] - told["points"][0]["x"], 5) for point in told["points"]}
    assert xs == {0.0, 1.0, 2.0, 3.0}
    assert real.facets(Query())["embeddings"] == 8
    assert real.points(Query.of("correct=true"))["total"] == 4


def test_without_embeddings_a_table_says_where_points_are(real: Catalog) -> None:
    told = strict(real.points(Query.of("key=mine")))
    assert [(point["x"], point["y"], point["label"]) for point in told["points"]] == [(0.5, 1.5, "l0"), (-1, 2.5, "l1")]
    assert strict(real.points(Query.of("key=plain"))) == {"total": 0, "points": []}


def test_related_is_the_same_clip_under_all_keys_and_steps(real: Catalog) -> None:
    [sample] = rows(real, "key=val/samples&where=index:eq:0")
    told = strict(real.related(sample["id"]))
    assert [(row["key"], row["step"]) for row in told["rows"]] == [
        ("val/samples", 0),
        ("val/predictions", 10),
        ("val/predictions", 20),
        ("mine", 100),
    ]
    assert told["total"] == 4
    [run] = real.runs()
    assert real.related(sample["id"], [run["id"]])["total"] == 4
    assert real.related(sample["id"], ["0" * 12])["total"] == 0


def test_without_an_id_a_clip_is_the_same_in_its_place(open_catalog: Open, new_run: NewRun) -> None:
    new_run("one", *({"key": key, "step": step, "index": index} for key in "ab" for step in (2, 1) for index in (0, 1)))
    new_run(
        "two",
        {"key": "a", "step": 1, "index": 1},
        {"key": "a", "step": 1, "index": 1, "clip_id": "x"},
        date="20261121_000000",
    )
    catalog = open_catalog()
    [clip] = rows(catalog, "key=a&step=1&where=index:eq:1")[:1]
    told = catalog.related(clip["id"])["rows"]
    assert [(row["key"], row["step"], row["index"]) for row in told] == [("a", 1, 1), ("a", 1, 1), ("a", 2, 1)]
    assert catalog.related(clip["id"], [clip["run"]])["total"] == 2


def test_related_is_at_most_a_thousand(open_catalog: Open, new_run: NewRun) -> None:
    new_run("abc", *({"step": step, "clip_id": "same"} for step in range(1200)))
    catalog = open_catalog()
    told = catalog.related(rows(catalog)[0]["id"])
    assert (told["total"], len(told["rows"])) == (1200, 1000)


def test_pages_follow_each_other_and_positions_lead_back(open_catalog: Open, new_run: NewRun) -> None:
    new_run("abc", *({"step": step, "metrics": {"loss": step % 7}} for step in range(100)))
    catalog = open_catalog()
    query = Query.of("sort=-metric.loss&where=step:ge:10")
    everything = catalog.clips(query, limit=500)["rows"]
    assert len(everything) == 90
    paged = [row for offset in range(0, 100, 13) for row in catalog.clips(query, offset=offset, limit=13)["rows"]]
    assert paged == everything
    assert [catalog.position(query, row["id"]) for row in everything] == list(range(90))
    assert catalog.position(query, rows(catalog)[0]["id"]) == -1
    assert catalog.position(query, "unknown") == -1
    assert catalog.clips(query, offset=500) == {"total": 90, "offset": 500, "rows": [], "version": catalog.version}
    assert catalog.clips(query, limit=0)["rows"] == []


def test_everything_comes_in_order_for_the_export(open_catalog: Open, new_run: NewRun) -> None:
    new_run("abc", *({"step": step, "caption": f"{'long ' * 200}{step}"} for step in range(1200)))
    catalog = open_catalog()
    told = [strict(row) for row in catalog.rows(Query.of("sort=-step"))]
    assert [row["step"] for row in told] == list(range(1199, -1, -1))
    assert told[0]["caption"].endswith("long 1199")
    assert told[0] == strict(catalog.clip(told[0]["id"]))


def test_files_come_with_the_rows(open_catalog: Open, new_run: NewRun, wav: bytes) -> None:
    run = new_run("abc", {"step": 0, "path": "media/audio/x.wav"}, {"step": 1, "path": "media/audio/gone.wav"})
    run.put("media/audio/x.wav", wav)
    catalog = open_catalog()
    (there, find), (_, find_gone) = catalog.rows_and_files(Query.of("sort=step"))
    assert find() == catalog.stored(there["id"])
    with pytest.raises(NotFoundError, match=r"gone\.wav"):
        find_gone()


def test_a_clip_is_told_whole(open_catalog: Open, new_run: NewRun, wav: bytes) -> None:
    scores = [{"label": "a", "score": 0.75}, {"label": "b", "score": 0.25}]
    run = new_run("abc", {"step": 1, "path": "media/audio/x.wav", "caption": "c" * 5000, "scores": scores})
    run.put("media/audio/x.wav", wav)
    catalog = open_catalog()
    [row] = rows(catalog)
    assert (len(row["caption"]), row["caption_cut"]) == (300, True)
    detail = strict(catalog.clip(row["id"]))
    assert detail["caption"] == "c" * 5000
    assert (detail["scores"], detail["file_name"], detail["run_name"], detail["source"]) == (
        scores,
        "x.wav",
        "abc",
        "sidecar",
    )
    assert detail["recorded_path"] == "media/audio/x.wav"


@pytest.mark.parametrize("clip", ["", "x", "0" * 16, "../../../etc/passwd", "\0", "\ud800"])
def test_unknown_clips_are_said_to_be_so(open_catalog: Open, new_run: NewRun, clip: str) -> None:
    new_run("abc", {"step": 1})
    catalog = open_catalog()
    for ask in (catalog.clip, catalog.related, catalog.stored):
        with pytest.raises(NotFoundError, match="there is no clip"):
            ask(clip)


def test_a_file_is_named_by_its_content_and_its_place(open_catalog: Open, new_run: NewRun, wav: bytes) -> None:
    sha256 = hashlib.sha256(wav).hexdigest()
    told = {"key": "val/x y", "path": "media/audio/x.wav", "sha256": sha256, "size": len(wav), "format": "wav"}
    run = new_run("abc", {**told, "step": 3}, {**told, "step": 4, "sha256": "../" * 20}, {**told, "step": 5, "size": 5})
    path = run.put("media/audio/x.wav", wav)
    catalog = open_catalog()
    files = [catalog.stored(row["id"]) for row in rows(catalog)]
    assert (files[0].path, files[0].sha256, files[0].name) == (str(path), sha256, "val-x-y_step3_0.wav")
    assert (files[0].format, files[0].sample_rate, files[0].channels, files[0].frames) == ("wav", 16000, 1, 100)
    assert files[0].content == files[1].content == files[2].content != sha256
    assert files[1].sha256 is files[2].sha256 is None, "what is told cannot be so"
    path.unlink()
    with pytest.raises(NotFoundError, match=r"'media/audio/x\.wav', is missing or was refused"):
        catalog.stored(rows(catalog)[0]["id"])


def test_what_is_told_of_a_file_is_not_taken_for_its_bytes(open_catalog: Open, new_run: NewRun, wav: bytes) -> None:
    told = {"path": "media/audio/x.wav", "sha256": "ab" * 32, "size": len(wav)}
    for run_id in ("one", "two"):
        new_run(run_id, told).put("media/audio/x.wav", wav)
    catalog = open_catalog()
    files = [catalog.stored(row["id"]) for row in rows(catalog)]
    assert files[0].sha256 == files[1].sha256 == "ab" * 32
    assert files[0].content != files[1].content


def test_a_search_may_have_a_thousand_words(open_catalog: Open, new_run: NewRun) -> None:
    caption = " ".join(f"w{number}" for number in range(1500))
    new_run("abc", {"step": 1, "caption": caption}, {"step": 2, "caption": f"{caption[:-4]}"})
    catalog = open_catalog()
    before = catalog.runs()
    found = catalog.clips(Query.of(f"q={caption.replace(' ', '+')}"))
    assert [row["step"] for row in found["rows"]] == [1]
    assert catalog.runs() == before


def test_silence_is_the_lowest_level(open_catalog: Open, new_run: NewRun) -> None:
    new_run("abc", *({"step": step, "peak": peak} for step, peak in enumerate((0.5, 0.0, 1e-5))), {"step": 3})
    catalog = open_catalog()
    assert column(catalog, "step", "where=level:lt:-60") == [1, 2]
    assert column(catalog, "step", "sort=level") == [1, 2, 0, 3]
    assert column(catalog, "step", "sort=-level") == [0, 2, 1, 3]
    assert column(catalog, "level") == [-6.021, None, -100.0, None]


def test_files_outside_the_run_are_never_given(open_catalog: Open, new_run: NewRun, tmp_path: Path, wav: bytes) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(wav)
    run = new_run("abc", {"path": "../../../secret.wav"}, {"path": str(secret)}, {"path": "media/audio/link.wav"})
    (run.folder / "files/media/audio/link.wav").symlink_to(secret)
    catalog = open_catalog()
    told = rows(catalog)
    assert [row["missing"] for row in told] == [True, True, True]
    for row in told:
        with pytest.raises(NotFoundError, match="missing or was refused"):
            catalog.stored(row["id"])


def test_a_file_that_became_a_link_is_no_file_any_more(
    open_catalog: Open, new_run: NewRun, tmp_path: Path, wav: bytes
) -> None:
    run = new_run("abc", {"path": "media/audio/x.wav"})
    path = run.put("media/audio/x.wav", wav)
    catalog = open_catalog()
    [row] = rows(catalog)
    path.rename(tmp_path / "moved.wav")
    path.symlink_to(tmp_path / "moved.wav")
    with pytest.raises(NotFoundError, match="missing or was refused"):
        catalog.stored(row["id"])


@pytest.mark.parametrize("kind", ["folder of runs", "folder above", "run", "record file", "files", "several"])
def test_a_run_is_found_by_whatever_leads_to_it(open_catalog: Open, real_runs: Path, kind: str) -> None:
    [folder] = [path for path in real_runs.iterdir() if path.name.startswith("offline-run")]
    [record] = folder.glob("*.wandb")
    paths = {
        "folder of runs": [real_runs],
        "folder above": [real_runs.parent],
        "run": [folder],
        "record file": [record],
        "files": [folder / "files"],
        "several": [folder, real_runs, folder / "files"],
    }
    catalog = open_catalog(*paths[kind])
    assert [run["folder_name"] for run in catalog.runs()] == [folder.name]


def test_a_path_that_is_not_there_is_an_error_and_an_empty_folder_is_not(open_catalog: Open, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"got 'nowhere', where there is nothing; wanted the folder that wandb"):
        Catalog(["nowhere"], cache=tmp_path)
    (tmp_path / "wandb").mkdir()
    catalog = open_catalog()
    assert catalog.runs() == []
    assert catalog.clips(Query())["total"] == 0
    assert catalog.points(Query()) == {"total": 0, "points": []}


def test_runs_are_chosen_and_come_in_the_order_of_their_beginning(open_catalog: Open, new_run: NewRun) -> None:
    for run_id, date in (("late", "20261122_000000"), ("early", "20261120_000000"), ("middle", "20261121_000000")):
        new_run(run_id, {"step": 1}, {"step": 2}, date=date)
    catalog = open_catalog()
    runs = catalog.runs()
    assert [run["run_id"] for run in runs] == ["early", "middle", "late"]
    assert [run["clips"] for run in runs] == [2, 2, 2]
    ids = [run["id"] for run in runs]
    assert column(catalog, "run") == [run for run in ids for _ in range(2)]
    assert column(catalog, "run", f"run={ids[2]}&run={ids[0]}&step=2") == [ids[0], ids[2]]


def test_a_run_of_the_same_id_in_two_folders_has_clips_of_its_own(
    open_catalog: Open, new_run: NewRun, tmp_path: Path
) -> None:
    told = [{"step": step, "sha256": "ab" * 32} for step in range(3)]
    new_run("abc", *told)
    alone = column(open_catalog(cache=tmp_path / "one"), "id")
    new_run("abc", *told, date="20261121_000000")
    new_run("abc", *told, date="20261121_000000", home="copy/wandb")
    catalog = open_catalog(tmp_path / "wandb", tmp_path / "copy", cache=tmp_path / "two")
    ids = column(catalog, "id")
    assert len(set(ids)) == 9
    assert ids[:3] == alone
    for row in rows(catalog):
        assert catalog.clip(row["id"])["run"] == row["run"]
    assert catalog.clips(Query().only(ids[4:6]))["total"] == 2


def test_equal_lines_are_clips_of_their_own(open_catalog: Open, new_run: NewRun) -> None:
    new_run("abc", *({"step": 1, "sha256": "ab" * 32, "caption": str(n)} for n in range(5)))
    catalog = open_catalog()
    assert column(catalog, "caption") == list("01234")
    assert len(set(column(catalog, "id"))) == 5


def test_words_are_found_whatever_their_case_and_language(open_catalog: Open, new_run: NewRun) -> None:
    captions = ["Der ÄRGER", "ἈΓΟΡΆ", "straße", "100% _sure", "plain \U0001f600", "two\0parts"]
    new_run("abc", *({"step": n, "caption": caption, "label": "L"} for n, caption in enumerate(captions)))
    catalog = open_catalog()

    def steps(words: str) -> list[int]:
        return [row["step"] for row in catalog.clips(Query(q=words))["rows"]]

    assert steps("ärger der") == [0]
    assert steps("ἀγορά") == [1]
    assert steps("STRASSE") == [2]
    assert steps("0% _s") == [3]
    assert steps("%") == [3]
    assert steps("\U0001f600") == [4]
    assert steps("parts l val") == [5]
    assert steps("  ") == list(range(6))


def test_what_is_asked_again_is_answered_from_memory(open_catalog: Open, new_run: NewRun, monkeypatch: Any) -> None:
    new_run("abc", {"step": 1, "label": "a"})
    catalog = open_catalog()
    query = Query.of("label=a")
    first = catalog.facets(query)
    assert catalog.facets(query) is first
    assert catalog.facets(Query.of("label=b")) is not first


def test_many_threads_ask_while_runs_come(open_catalog: Open, new_run: NewRun) -> None:
    for number in range(5):
        lines = [{"step": step, "label": str(step % 5), "metrics": {"loss": step}} for step in range(1000)]
        new_run(f"run{number}", *lines, date=f"2026112{number}_000000")
    catalog = open_catalog(wait=False)
    failed: list[BaseException] = []
    done = threading.Event()

    def ask(seed: int) -> None:
        rng = np.random.default_rng(seed)
        try:
            while not done.is_set():
                query = Query.of(
                    str(rng.choice(["", "label=3", "sort=-metric.loss", "step=latest", "q=val 3", "correct=true"]))
                )
                page = strict(catalog.clips(query, offset=int(rng.integers(0, 3000)), limit=20))
                strict(catalog.facets(query))
                for row in page["rows"][:2]:
                    strict(catalog.clip(row["id"]))
                    assert catalog.position(query, row["id"]) >= 0
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    assert catalog.wait(60)
    done.set()
    for thread in threads:
        thread.join()
    assert failed == []
    assert catalog.clips(Query())["total"] == 5000


def test_points_are_thinned_and_of_one_size(open_catalog: Open, new_run: NewRun) -> None:
    from audio_logging.dashboard.catalog.points import MAX_POINTS, MAX_VALUES, coordinates, thinned
    from audio_logging.dashboard.indexing.database import MapPlace

    numbers = np.arange(12_345, dtype=np.int64)
    kept = thinned(numbers)
    assert (len(kept), kept[0], kept[-1]) == (MAX_POINTS, 0, 12_344)
    assert len(np.unique(kept)) == MAX_POINTS
    assert len(thinned(numbers, 4096)) == MAX_VALUES // 4096

    def of(*values: float) -> MapPlace:
        return MapPlace(np.array(values, np.float32).tobytes(), None, None)

    places = [of(1, 0), None, of(0, 0), of(1, 2, 3), of(-1, 0), MapPlace(None, 5.0, 5.0)]
    assert coordinates(places) == [(1.0, 0.0), None, (0.0, 0.0), None, (-1.0, 0.0), None]
    assert coordinates([None, MapPlace(None, 5.0, 6.0), MapPlace(None, 5.0, None)]) == [None, (5.0, 6.0), None]
    assert coordinates([]) == []
