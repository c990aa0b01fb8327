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
WIDE = {"viewport": {"width": 1280, "height": 860}, "device_scale_factor": 1}
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


def _best(view: View, role: str, **query: Any) -> dict[str, Any]:
    """A clip of the last step that is loud enough to be seen."""
    rows = [row for row in view.rows(step="latest", **query) if row.get("role") == role]
    rows = rows or [row for row in view.rows(**query) if row.get("role") == role]
    return max(rows, key=lambda row: (row["step"], row.get("peak") or 0))


def _settle(page: Page) -> None:
    page.locator("#spectrogram img").wait_for()
    page.wait_for_timeout(1500)  # waveforms, levels and whatever else comes after the picture


def list_and_detail(page: Page, view: View) -> None:
    """A clip that the model got wrong."""
    row = _best(view, "prediction", correct="false")
    _open(page, view, key=row["key"], clip=row["id"], t=0.2)
    _settle(page)


def compare(page: Page, view: View) -> None:
    """What the model made at the last step and at the first, its input and its reference, equally loud."""
    generated = _best(view, "generated")
    group = generated["key"].split("/")[0]
    ids = [generated["id"]]
    for row in view.get(f"api/related/{generated['id']}")["rows"]:
        fits = row.get("role") in ("reference", "sample") or (row.get("role") == "generated" and row["step"] == 0)
        if fits and row["key"].split("/")[0] == group and len(ids) < 4:
            ids.append(row["id"])
    _open(page, view, view="compare", compare=ids, key=generated["key"], step="latest")
    page.locator("#compare .compare-play:enabled").wait_for()
    page.keyboard.press("g")
    page.wait_for_timeout(1000)


def confusion(page: Page, view: View) -> None:
    """A cell of the matrix, with its clips."""
    row = _best(view, "prediction", correct="false")
    _open(page, view, view="confusion", key=row["key"])
    page.get_by_role("button", name=f"label {row['label']} predicted {row['prediction']}:").click()
    _settle(page)


def clip_map(page: Page, view: View) -> None:
    """Embeddings at all steps."""
    row = _best(view, "prediction", key="val/predictions")
    _open(page, view, view="map", key=row["key"], clip=row["id"])
    _settle(page)


def over_time(page: Page, view: View) -> None:
    """A denoised clip through the steps."""
    row = _best(view, "generated")
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
