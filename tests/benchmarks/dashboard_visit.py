"""Visit: one page in a cold browser context, with a stopwatch."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.browser.view import View

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Visit"]

LISTENING = Path(__file__).parents[1] / "browser" / "listening.js"
PATIENCE = 30.0
"""[s]"""

FIRST_ROW = "#list [role=option][data-id]"

SETTLED = """
  const rows = () => [...document.querySelectorAll('#list [role=option]')];
  const shown = () => rows().map(row => row.dataset.id).join();
  const settled = async (changed) => {
    const begun = performance.now();
    for (;;) {
      await new Promise(requestAnimationFrame);
      if (changed() && rows().length && rows().every(row => row.dataset.id)) return performance.now() - begun;
      if (performance.now() - begun > 30000) throw new Error('no rows');
    }
  };
  const press = key =>
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  const total = document.querySelector('#total');
"""

TIMES = """() => {
  window.totals = [];
  const now = () => performance.timeOrigin + performance.now();
  const total = document.querySelector('#total');
  new MutationObserver(() => window.totals.push([total.textContent, now()]))
    .observe(total, { childList: true, characterData: true, subtree: true });
  window.pressed = 0;
  for (const type of ['keydown', 'pointerdown', 'pointerup'])
    addEventListener(type, () => { window.pressed = now(); }, { capture: true });
  window.pictured = [];
  document.addEventListener('load', event => {
    if (event.target.closest?.('#spectrogram')) window.pictured.push(now());
  }, { capture: true });
}"""

UNTIL = """() => new Promise((resolve, reject) => {
  const ask = () => {
    if (%s) resolve();
    else if (performance.now() > end) reject(new Error('nothing came'));
    else setTimeout(ask, 10);
  };
  const end = performance.now() + %d;
  ask();
})"""

NULL_TEST = """async id => {
  const { differenceOf } = await import(new URL('web/compare/difference.js', document.baseURI).href);
  const bytes = await (await fetch(`media/${id}`)).arrayBuffer();
  const buffer = await new OfflineAudioContext(1, 1, 16000).decodeAudioData(bytes);
  return (await differenceOf(buffer, buffer)).peak;
}"""


class Visit:
    """A page, from its opening to its end.

    Parameters
    ----------
    browser : Browser
    view : View or None
        Whose page it is; None for a file.
    """

    def __init__(self, browser: Any, view: View | None) -> None:
        self.view = view
        self._context = browser.new_context(viewport={"width": 1400, "height": 900})
        self.page = self._context.new_page()
        self.page.set_default_timeout(PATIENCE * 1000)
        self.page.add_init_script(path=LISTENING)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the page and forget its cache."""
        with suppress(Exception):
            self._context.close()

    def open(self, url: str | None = None) -> None:
        """Open the page and wait for its first row."""
        assert url or self.view
        self.page.goto(url or (self.view.url if self.view else ""), wait_until="commit")
        self.page.locator(FIRST_ROW).first.wait_for()
        self.page.evaluate(TIMES)

    def loaded(self) -> tuple[int, int]:
        """Open the page; return the bytes of its code as they were sent, and how many requests went elsewhere."""
        assert self.view
        finished: list[Any] = []
        self.page.on("requestfinished", lambda request: finished.append(request))
        self.open()
        self.page.locator("#spectrogram img").wait_for()
        code = [one for one in finished if one.resource_type in ("document", "script", "stylesheet")]
        own = (self.view.base, "blob:", "data:")
        outside = [one for one in finished if not one.url.startswith(own)]
        return sum(one.sizes()["responseBodySize"] for one in code), len(outside)

    def first_sound(self, url: str | None = None) -> float:
        """Return the time from the navigation to the first sound, by a key as soon as a row is there [s]."""
        begun = time.time()
        self.open(url)
        self.page.keyboard.press("j")
        elapsed = self._playing(1)["time"] / 1000 - begun
        self.close()
        return float(elapsed)

    def next_sounds(self, number: int) -> list[float]:
        """Return the times from the key j to the sound, for so many clips [s]."""
        return [self._next_sound() for _ in range(number + 1)][1:]

    def _next_sound(self) -> float:
        known = len(self._heard())
        self.page.keyboard.press("j")
        playing = self._playing(known + 1)
        return float(playing["time"] - self.page.evaluate("window.pressed")) / 1000

    def _heard(self) -> list[dict[str, Any]]:
        heard: list[dict[str, Any]] = self.page.evaluate("window.heard.filter(one => one.type === 'playing')")
        return heard

    def _playing(self, number: int) -> dict[str, Any]:
        self._until(f"window.heard.filter(one => one.type === 'playing').length >= {number}")
        return self._heard()[-1]

    def _until(self, condition: str) -> None:
        """Wait in the page, so that nobody who asks takes the time that is measured; its clock tells the rest."""
        self.page.evaluate(UNTIL % (condition, PATIENCE * 1000))

    def filter_wrong(self) -> float:
        """Press w, and return the time until other rows are there [s]."""
        return self._settle(
            "const before = total.textContent; press('w');return settled(() => total.textContent !== before);"
        )

    def sort_by_loss(self) -> float:
        """Choose the order by loss or another one, and return the time until other rows are there [s]."""
        return self._settle(
            "const before = shown(); const sort = document.querySelector('#sort');"
            "sort.value = sort.value === 'metric.loss' ? 'score' : 'metric.loss';"
            "sort.dispatchEvent(new Event('change', { bubbles: true })); return settled(() => shown() !== before);"
        )

    def search(self) -> float:
        """Type a word or take it away, and return the time until other rows are there [s]."""
        return self._settle(
            "const before = total.textContent; const field = document.querySelector('#search');"
            "field.value = field.value ? '' : 'clip 7'; field.dispatchEvent(new Event('input', { bubbles: true }));"
            "return settled(() => total.textContent !== before);"
        )

    def scroll_to_end(self) -> float:
        """Scroll to the last row or to the first, and return the time until it is there [s]."""
        return self._settle(
            "const list = document.querySelector('#list'); const before = shown();"
            "list.scrollTop = list.scrollTop > 0 ? 0 : list.scrollHeight; return settled(() => shown() !== before);"
        )

    def _settle(self, act: str) -> float:
        return float(self.page.evaluate(f"async () => {{ {SETTLED} {act} }}")) / 1000

    def weight(self) -> tuple[int, int]:
        """Return the heap after collecting garbage [bytes], and how many elements the page has."""
        session = self._context.new_cdp_session(self.page)
        session.send("HeapProfiler.collectGarbage")
        heap = session.send("Runtime.getHeapUsage")["usedSize"]
        return int(heap), int(self.page.evaluate("document.querySelectorAll('*').length"))

    def wait_total(self, number: int) -> float:
        """Wait until the list has so many clips, and return when that was [s since 1970]."""

        matching = f"window.totals.filter(([text]) => parseInt(text.replace(/,/g, '')) === {number})"
        self._until(f"{matching}.length > 0")
        return float(self.page.evaluate(f"{matching}[0][1]")) / 1000

    def choose_next(self) -> tuple[float, float]:
        """Play the second clip by a key; return the times until it sounds, and until its spectrogram is there [s]."""
        self._until("document.querySelector('#spectrogram img')?.naturalWidth > 0")
        self.page.evaluate("window.pictured = []")
        self.page.keyboard.press("j")
        pressed = self.page.evaluate("window.pressed")
        playing = self._playing(1)["time"]
        self._until("window.pictured.length > 0")
        pictured = self.page.evaluate("window.pictured[0]")
        return (playing - pressed) / 1000, (pictured - pressed) / 1000

    def seeks(self, places: tuple[float, ...]) -> list[float]:
        """Click into the waveform at shares of its length; return the times until it sounds there [s]."""
        times = []
        box = self.page.locator("#waveform").bounding_box()
        assert box
        for place in places:
            known = len(self._heard())
            self.page.mouse.click(box["x"] + place * box["width"], box["y"] + box["height"] / 2)
            playing = self._playing(known + 1)
            times.append(float(playing["time"] - self.page.evaluate("window.pressed")) / 1000)
        return times

    def null_test(self) -> float:
        """Return the largest sample of the first clip minus itself, as the comparison mixes them."""
        clip = self.page.locator(FIRST_ROW).first.get_attribute("data-id")
        return float(self.page.evaluate(NULL_TEST, clip))
