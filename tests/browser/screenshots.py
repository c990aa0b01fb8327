"""Make the pictures of the documentation: ``python -m tests.browser.screenshots RUNS [FOLDER]``.

RUNS is a folder of runs, such as the one that ``audio-logging demo`` leaves; a run of the demo has everything that is
shown. Pictures go to docs/images, each as small as a palette makes it. Look at them afterwards.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image
from playwright.sync_api import Page

from .chromium import launch
from .view import View

__all__ = ["main"]

IMAGES = Path(__file__).parents[2] / "docs" / "images"
COLOURS = 256
WIDE = {"viewport": {"width": 1280, "height": 800}, "device_scale_factor": 1}
PHONE = {"viewport": {"width": 390, "height": 760}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}


def main() -> None:
    """Make all of them."""
    runs = Path(sys.argv[1])
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else IMAGES
    folder.mkdir(exist_ok=True)
    with TemporaryDirectory() as home, View([runs], Path(home)) as view, launch() as browser:
        view.wait_indexed(1)
        for name, (make, options) in PICTURES.items():
            context = browser.new_context(**options)
            page = context.new_page()
            make(page, view)
            content = page.screenshot()
            context.close()
            size = _save(content, folder / f"{name}.png")
            print(f"{folder / name}.png: {size / 1000:.0f} kB")


def _save(content: bytes, path: Path) -> int:
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)
    return path.stat().st_size


def _open(page: Page, dashboard: View, **state: Any) -> None:
    pairs = [f"{name}={value}" for name, values in state.items() for value in _listed(values)]
    page.goto(dashboard.url + "#" + "&".join(pairs))
    page.locator("#list [role=option][data-id]").first.wait_for()


def _listed(values: Any) -> list[Any]:
    return values if isinstance(values, list) else [values]


def _late(view: View, **query: Any) -> dict[str, Any]:
    rows = [row for row in view.rows(**query) if row.get("role") == "prediction" and row.get("scores") is not None]
    rows = rows or view.rows(**query)
    return max(rows, key=lambda row: row["step"])


def _settle(page: Page) -> None:
    page.locator("#spectrogram img").wait_for()
    page.wait_for_timeout(1500)  # waveforms, levels and whatever else comes after the picture


def list_and_detail(page: Page, view: View) -> None:
    """A clip that the model got wrong."""
    row = _late(view, correct="false")
    _open(page, view, key=row["key"], clip=row["id"], t=0.2)
    _settle(page)


def compare(page: Page, view: View) -> None:
    """Reference, input and what the model made of it."""
    generated = max(
        (row for row in view.rows(q="generated") if row.get("role") == "generated"), key=lambda row: row["step"]
    )
    ids = [generated["id"]]
    for row in view.get(f"api/related/{generated['id']}")["rows"]:
        fits = row["role"] in ("reference", "sample") or (row["role"] == "generated" and row["step"] == 0)
        if fits and row["key"].split("/")[0] == generated["key"].split("/")[0] and len(ids) < 4:
            ids.append(row["id"])
    _open(page, view, view="compare", compare=ids)
    page.locator("#compare .compare-rows li").nth(len(ids) - 1).wait_for()
    page.keyboard.press("g")
    page.wait_for_timeout(1000)


def confusion(page: Page, view: View) -> None:
    """A cell of the matrix, with its clips."""
    _open(page, view, view="confusion", key=_late(view, correct="false")["key"])
    page.locator("#confusion table button").nth(1).click()
    _settle(page)


def clip_map(page: Page, view: View) -> None:
    """Embeddings of the last step."""
    _open(page, view, view="map", key=_late(view)["key"], step="latest", clip=_late(view)["id"])
    _settle(page)


def over_time(page: Page, view: View) -> None:
    """A denoised clip through the steps."""
    row = max((row for row in view.rows(q="generated") if row.get("role") == "generated"), key=lambda row: row["step"])
    _open(page, view, key=row["key"], clip=row["id"], timeline="true")
    _settle(page)


PICTURES: dict[str, tuple[Callable[[Page, View], None], dict[str, Any]]] = {
    "dashboard": (list_and_detail, {**WIDE, "color_scheme": "light"}),
    "dashboard-dark": (list_and_detail, {**WIDE, "color_scheme": "dark"}),
    "dashboard-compare": (compare, {**WIDE, "color_scheme": "light"}),
    "dashboard-confusion": (confusion, {**WIDE, "color_scheme": "light"}),
    "dashboard-map": (clip_map, {**WIDE, "color_scheme": "dark"}),
    "dashboard-over-time": (over_time, {**WIDE, "color_scheme": "light"}),
    "dashboard-phone": (list_and_detail, {**PHONE, "color_scheme": "light"}),
}
"""What is shown, by the name of the picture."""


if __name__ == "__main__":
    main()
