"""What the server computes in Python and an exported page in JavaScript: the same answers."""

from __future__ import annotations

import base64
import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from audio_logging.dashboard.analysis.options import SpectrogramOptions
from audio_logging.dashboard.analysis.peaks import peaks
from audio_logging.dashboard.analysis.spectrogram import spectrogram
from audio_logging.dashboard.bundle import bundle
from audio_logging.dashboard.catalog.catalog import Catalog
from audio_logging.dashboard.catalog.queries import Query
from audio_logging.dashboard.export.documents import as_json
from audio_logging.dashboard.stored_file import StoredFile

from .conftest import WriteStudy
from .recipes import HOSTILE

WEB = Path(__file__).parents[2] / "audio_logging" / "dashboard" / "web"
EXPOSE = """// For tests: what the page keeps to itself.
import { hashToState } from "./state/address.js";
import { decodeForAnalysis, peaksOf, reducedPeaks, spectrogramOf } from "./sources/analysis_inline.js";
import { createIndex } from "./sources/query_inline.js";
import { toWav } from "./sources/seekable.js";
import { queryOf } from "./state/store.js";
window.exposed = { createIndex, decodeForAnalysis, hashToState, peaksOf, queryOf, reducedPeaks, spectrogramOf, toWav };
"""
DECODE = """async ([base64, row]) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    window.buffer = await exposed.decodeForAnalysis(bytes.buffer, row);
    return [buffer.length, buffer.sampleRate, buffer.numberOfChannels];
}"""
SPECTROGRAM = """async (options) => {
    const blob = await exposed.spectrogramOf(buffer, options);
    const image = await createImageBitmap(blob);
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    const bytes = context.getImageData(0, 0, image.width, image.height).data;
    const parts = [];
    for (let at = 0; at < bytes.length; at += 32768) parts.push(String.fromCharCode(...bytes.subarray(at, at + 32768)));
    return btoa(parts.join(""));
}"""

QUERIES = (
    "",
    "key=val/samples",
    "key=val/samples&key=progress/clip&step=10",
    "step=latest",
    "step=latest&key=progress/clip",
    "step=7",
    "label=dog",
    "label=dog&label=cat&correct=false",
    "label=",
    "prediction=bird&correct=true",
    "correct=false",
    "q=SAMPLE-0",
    "q=dog val",
    "q=after 10 steps",
    "q=nothing like it",
    "where=duration:lt:1",
    "where=duration:ge:0.65&where=duration:lt:0.9",
    "where=level:gt:-6.1",
    "where=peak:le:0.25&sort=-level",
    "where=metric.loss:lt:0.2",
    "where=metric.loss:gt:0.1&where=metric.loss:le:0.5&sort=metric.loss",
    "where=metric.none:eq:1",
    "where=step:ne:0",
    "where=index:eq:3",
    "where=score:ge:0.5&correct=true",
    "where=channels:eq:2",
    "where=sample_rate:eq:16000&sort=-index",
    *(f"sort={sign}{name}" for name in (
        "logged", "step", "key", "index", "label", "prediction", "correct", "score", "duration", "level", "size",
        "caption", "metric.loss", "time", "metric.none",
    ) for sign in ("", "-")),
)  # fmt: skip

RunPage = Callable[..., Any]


@pytest.fixture(scope="module")
def page(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = shutil.copytree(WEB, tmp_path_factory.mktemp("web") / "web")
    (folder / "expose.js").write_text(EXPOSE, encoding="utf-8")
    script = bundle(folder, "expose.js")
    (folder / "page.html").write_text(f"<!doctype html><meta charset=utf-8><script>{script}</script>", encoding="utf-8")
    page = browser.new_page()
    page.goto((folder / "page.html").as_uri())
    yield page
    page.close()


@pytest.fixture(scope="module", params=["study", "hostile"])
def catalog(request: pytest.FixtureRequest, write_study: WriteStudy, page: Any, tmp_path_factory: Any) -> Iterator[Any]:
    with Catalog([write_study(request.param)], cache=tmp_path_factory.mktemp("cache")) as catalog:
        assert catalog.wait(60)
        rows, points = list(catalog.rows(Query())), catalog.points(Query())["points"]
        # As text: what playwright hands over would not be what JSON.parse makes of "__proto__".
        page.evaluate(
            "(told) => { window.index = exposed.createIndex(...told.map((text) => JSON.parse(text))); }",
            [as_json(rows), as_json(points)],
        )
        yield catalog


def asked(page: Any, method: str, query: str) -> Any:
    return page.evaluate(f"(hash) => index.{method}(exposed.queryOf(exposed.hashToState(hash)))", f"#{query}")


@pytest.mark.parametrize("query", QUERIES)
def test_the_same_clips_in_the_same_order(query: str, catalog: Catalog, page: Any) -> None:
    wanted = catalog.clips(Query.of(query), limit=10_000)["rows"]
    assert [row["id"] for row in asked(page, "find", query)] == [row["id"] for row in wanted]


@pytest.mark.parametrize("name", ["key", "label", "prediction", "q"])
@pytest.mark.parametrize("text", [*HOSTILE, "ß", "ẞ", "ΣΑΣ", "İ", "\U0001f600", "É"])
def test_the_same_clips_for_texts_that_attack(name: str, text: str, catalog: Catalog, page: Any) -> None:
    query = f"{name}={quote(text, safe='')}"
    wanted = catalog.clips(Query.of(query), limit=10_000)["rows"]
    assert [row["id"] for row in asked(page, "find", query)] == [row["id"] for row in wanted]


@pytest.mark.parametrize("query", QUERIES[:27])
def test_the_same_facets(query: str, catalog: Catalog, page: Any) -> None:
    wanted, found = catalog.facets(Query.of(query)), asked(page, "facets", query)
    for name in ("labels", "predictions", "confusion"):  # of the equally frequent ones, none is the first
        counts = [entry["count"] for entry in found[name]]
        assert counts == sorted(counts, reverse=True)
        assert sorted(map(str, found.pop(name))) == sorted(map(str, wanted.pop(name)))
    assert found == wanted


@pytest.mark.parametrize("query", QUERIES[:12])
def test_points_of_the_clips_that_are_found(query: str, catalog: Catalog, page: Any) -> None:
    wanted, found = catalog.points(Query.of(query)), asked(page, "points", query)
    assert [point["id"] for point in found["points"]] == [point["id"] for point in wanted["points"]]
    assert found["total"] == wanted["total"]


def test_the_same_related_clips(catalog: Catalog, page: Any) -> None:
    rows = list(catalog.rows(Query()))
    for row in rows[::7]:
        for runs in ([], [row["run"]]):
            wanted = [other["id"] for other in catalog.related(row["id"], runs)["rows"]]
            found = page.evaluate(
                "([id, runs]) => index.related(index.row(id), runs).map((row) => row.id)", [row["id"], runs]
            )
            assert found == wanted


def test_only_these_ids_and_none_of_none(catalog: Catalog, page: Any) -> None:
    ids = [row["id"] for row in catalog.rows(Query())][3:5]
    assert [row["id"] for row in page.evaluate("(id) => index.find({ id })", ids)] == ids
    assert page.evaluate("() => index.find({ id: [], only: true })") == []


def test_a_condition_that_is_not_understood_is_an_error(catalog: Catalog, page: Any) -> None:
    for condition in ("loss", "loss:is:1", "duration:lt:", "duration:lt:x", "duration:lt:Infinity"):
        with pytest.raises(Exception, match="is not understood"):
            page.evaluate("(where) => index.find({ where: [where] })", condition)


Sound = tuple[StoredFile, float]


@pytest.fixture(
    scope="module",
    params=[(16_000, 1.0, 1), (44_100, 3.0, 2), (8_000, 0.02, 1), (22_050, 2.0, 3), (48_000, 12.0, 2)],
    ids=str,
)
def sound(request: pytest.FixtureRequest, page: Any, tmp_path_factory: pytest.TempPathFactory) -> Sound:
    """A rising tone in some noise, also in the page as `buffer`."""
    rate, seconds, channels = request.param
    time = np.arange(round(rate * seconds)) / rate
    noise = np.random.default_rng(0).normal(0, 0.05, (len(time), channels))
    rising = [
        np.sin(2 * np.pi * (200 + 300 * channel + 0.2 * rate / seconds * time) * time) for channel in range(channels)
    ]
    path = tmp_path_factory.mktemp("sound") / "clip.wav"
    soundfile.write(path, np.clip(noise + 0.4 * np.stack(rising, axis=1), -1, 1), rate, subtype="PCM_16")
    told = page.evaluate(DECODE, [base64.b64encode(path.read_bytes()).decode(), {"sample_rate": rate}])
    assert told == [len(time), rate, channels], "decoded at its own rate"
    return StoredFile(path=str(path), content="c", sample_rate=rate), seconds


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"scale": "log", "colours": "viridis", "width": 333, "height": 120},
        {"scale": "linear", "colours": "magma", "part": (0.2, 0.5), "floor": -60, "channel": 0, "normalise": True},
        {"colours": "grey", "window": 256, "width": 64},
        {"height": 64, "width": 2048, "part": (0.9, 1.0)},
        {"normalise": True, "scale": "log"},
    ],
)
def test_the_same_spectrogram(options: dict[str, Any], sound: Sound, page: Any) -> None:
    file, seconds = sound
    given = {name: value for name, value in options.items() if name != "part"}
    if "part" in options:
        given["start"], given["end"] = (share * seconds for share in options["part"])
    wanted = pixels_of(spectrogram(file, SpectrogramOptions(**given)))
    pixels = base64.b64decode(page.evaluate(SPECTROGRAM, given))
    found = np.frombuffer(pixels, np.uint8).astype(np.int64).reshape(*wanted.shape[:2], 4)
    difference = np.abs(found[..., :3] - wanted).max(axis=2)
    # Python computes in 32 bits, which shows where there is next to nothing.
    assert np.mean(difference > 4) < 0.002
    assert difference.mean() < 0.2


def pixels_of(picture: bytes) -> npt.NDArray[np.int64]:
    import png

    width, height, rows, _ = png.Reader(bytes=picture).asRGB()
    return np.array([list(row) for row in rows], np.int64).reshape(height, width, 3)


@pytest.mark.parametrize(("n", "part"), [(64, None), (777, (0.1, 0.3)), (4000, None), (16, (0.5, 0.51))])
def test_the_same_peaks(n: int, part: tuple[float, float] | None, sound: Sound, page: Any) -> None:
    file, seconds = sound
    start, end = (None, None) if part is None else (part[0] * seconds, part[1] * seconds)
    wanted = np.frombuffer(peaks(file, n, start=start, end=end).data, "<i2").astype(int)
    options = {"n": n} if part is None else {"n": n, "start": start, "end": end}
    found = np.array(page.evaluate("(options) => Array.from(exposed.peaksOf(buffer, options).data)", options))
    share = 1.0 if part is None else part[1] - part[0]
    if share * seconds * (file.sample_rate or 0) / n < 4096:  # longer buckets of the server begin at multiples of 256
        assert np.abs(found - wanted).max() <= 1
    assert np.abs(found - wanted).mean() < 300


def test_fewer_peaks_of_the_same(sound: Sound, page: Any) -> None:
    file, _ = sound
    wanted = np.frombuffer(peaks(file, 512).data, "<i2")
    more = peaks(file, 1024)
    data = np.frombuffer(more.data, "<i2").tolist()
    found = page.evaluate(
        "([peaks, data]) => Array.from(exposed.reducedPeaks({ ...peaks, data: Int16Array.from(data) }, 512).data)",
        [{"channels": more.channels, "n": more.n}, data],
    )
    assert found == wanted.tolist() or file.sample_rate == 8_000, "a clip with fewer frames repeats some"


def test_what_is_no_audio_is_said(page: Any) -> None:
    with pytest.raises(Exception, match=r"This browser cannot decode the clip \(wav\)"):
        page.evaluate(DECODE, [base64.b64encode(b"no audio").decode(), {"format": "wav", "sample_rate": 16_000}])


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_a_wav_of_what_the_browser_decodes(subtype: str, channels: int, page: Any) -> None:
    flac = io.BytesIO()
    samples = np.random.default_rng(0).uniform(-1, 1, (5000, channels))
    soundfile.write(flac, samples, 22_050, format="FLAC", subtype=subtype)
    page.evaluate(DECODE, [base64.b64encode(flac.getvalue()).decode(), {"sample_rate": 22_050}])
    letters = "Array.from(new Uint8Array(exposed.toWav(buffer)), (byte) => String.fromCharCode(byte)).join('')"
    wav = io.BytesIO(base64.b64decode(page.evaluate(f"() => btoa({letters})")))
    found, rate = soundfile.read(wav, always_2d=True, dtype="float64")
    wanted, _ = soundfile.read(io.BytesIO(flac.getvalue()), always_2d=True, dtype="float64")
    assert rate == 22_050
    # Chromium divides positive samples by 2^15 - 1, in whichever file it finds them.
    assert np.abs(found - wanted).max() <= 1 / (2**15 - 1)
    assert (found[wanted < 0] == wanted[wanted < 0]).all()
