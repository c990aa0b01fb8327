"""Board: one open page of the dashboard, and everything that went wrong in it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlencode, urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Request, Route, expect

from .view import View

__all__ = ["Board", "Heard", "rewrite"]

T = TypeVar("T")
Heard = dict[str, Any]

LISTENING = Path(__file__).with_name("listening.js")
PATIENCE = 30.0
"""[s] Until something that has to come counts as missing: long, as the machine may be busy."""

expect.set_options(timeout=PATIENCE * 1000)

LOCAL_SCHEMES = ("blob", "data", "about")


class Board:
    """A page in a context of its own.

    Parameters
    ----------
    context : BrowserContext
    view : View or None
        Whose address `open` opens.

    Attributes
    ----------
    problems : list of str
        Errors of the console and of scripts, breaches of the policy, requests to elsewhere.
    """

    def __init__(self, context: BrowserContext, view: View) -> None:
        self.view = view
        self.base = view.base
        self.problems: list[str] = []
        self._allowed: list[str] = []
        self.page = context.new_page()
        self.page.add_init_script(path=LISTENING)
        self.page.set_default_timeout(PATIENCE * 1000)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.problems.append(f"page error: {error}"))
        self.page.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _on_request(self, request: Request) -> None:
        parts, own = urlsplit(request.url), urlsplit(self.base)
        if parts.scheme not in LOCAL_SCHEMES and (parts.scheme, parts.netloc) != (own.scheme, own.netloc):
            self.problems.append(f"a request to {request.url}")

    def allow(self, pattern: str) -> None:
        """Expect problems that a regular expression finds; all others still fail the test."""
        self._allowed.append(pattern)

    def check(self) -> None:
        """Fail when anything went wrong that was not expected."""
        violations = self.page.evaluate("window.violations || []") if not self.page.is_closed() else []
        everything = [*self.problems, *(f"policy: {text}" for text in violations)]
        unexpected = [text for text in everything if not any(re.search(one, text) for one in self._allowed)]
        assert not unexpected, "\n".join(unexpected)

    def open(self, state: Mapping[str, Any] | str = "", *, ready: bool = True) -> Board:
        """Open the page.

        Parameters
        ----------
        state : mapping or str
            Of the address, behind ``#``.
        ready : bool
            Whether to wait for the list's first row.
        """
        address = state if isinstance(state, str) else urlencode(state, doseq=True)
        self.page.goto(self.view.url + (f"#{address}" if address else ""), wait_until="commit")
        if ready:
            self.option().first.wait_for()
        return self

    def go(self, state: Mapping[str, Any]) -> Board:
        """Go to another state of the page that is open, as its address may be changed by hand."""
        self.page.evaluate("hash => { location.hash = hash; }", urlencode(state, doseq=True))
        return self

    def state(self) -> dict[str, list[str]]:
        """Return what stands in the address behind ``#``."""
        parts = self.page.url.partition("#")[2].split("&")
        pairs = [part.partition("=") for part in parts if part]
        found: dict[str, list[str]] = {}
        for name, _, value in pairs:
            found.setdefault(unquote(name), []).append(unquote(value.replace("+", " ")))
        return found

    def state_value(self, name: str) -> str:
        """Return one value of the address, once it is there."""
        return self.eventually(lambda: self.state().get(name, [""]), lambda found: found[0], f"{name} in the address")[
            0
        ]

    # What is on the page

    @property
    def listbox(self) -> Locator:
        """The list of clips."""
        return self.page.get_by_role("listbox", name="Clips")

    def option(self, clip: str | None = None) -> Locator:
        """The rows that are drawn, or the one of a clip."""
        return self.listbox.locator("[role=option]" if clip is None else f'[role=option][data-id="{clip}"]')

    @property
    def selected(self) -> Locator:
        """The selected row."""
        return self.listbox.locator("[role=option][aria-selected=true]")

    @property
    def detail(self) -> Locator:
        """What is shown of the selected clip."""
        return self.page.locator("#detail")

    @property
    def slider(self) -> Locator:
        """The position in the clip."""
        return self.page.locator("#waveform")

    def button(self, name: str | re.Pattern[str], within: Locator | None = None) -> Locator:
        """Return a button by its name."""
        return (within or self.page).get_by_role("button", name=name, exact=isinstance(name, str))

    def total(self) -> int:
        """Return how many clips the list says it has, once it does."""
        text = self.eventually(self.page.locator("#total").inner_text, lambda text: "clip" in text, "a number of clips")
        return int(re.sub(r"[^\d]", "", text.split("clip")[0]))

    def expect_total(self, number: int) -> None:
        """Wait until the list has so many clips."""
        expect(self.page.locator("#total")).to_have_text(re.compile(rf"^\D*{number:,}\D".replace(",", "[^0-9]?")))

    def expect_selected(self, clip: str) -> None:
        """Wait until a clip is the selected one."""
        expect(self.option(clip)).to_have_attribute("aria-selected", "true")

    def expect_first(self, clip: str) -> None:
        """Wait until a clip is the first of the list."""
        expect(self.listbox.locator("[role=option][aria-posinset='1']")).to_have_attribute("data-id", clip)

    @property
    def picture(self) -> Locator:
        """The picture of the spectrogram."""
        return self.page.locator("#spectrogram img")

    def wait_for_picture(self) -> str:
        """Wait until a spectrogram is there, and return its address."""
        ready = "image => image.complete && image.naturalWidth > 0 ? image.src : ''"
        return self.eventually(lambda: str(self.picture.evaluate(ready)), bool, "a spectrogram")

    # What is done

    def select(self, clip: str) -> None:
        """Select a clip with the mouse."""
        self.option(clip).click()
        self.expect_selected(clip)

    def key(self, *keys: str) -> None:
        """Press keys, where the focus is."""
        for key in keys:
            self.page.keyboard.press(key)

    # What is heard

    def heard(self, kind: str | None = "playing") -> list[Heard]:
        """Return what media elements told so far."""
        events: list[Heard] = self.page.evaluate("window.heard || []")
        return [event for event in events if kind is None or event["type"] == kind]

    def forget(self) -> None:
        """Begin anew with what was heard."""
        self.page.evaluate("() => { window.heard.length = 0; window.started.length = 0; }")

    def wait_heard(self, clip: str | None = None, kind: str = "playing") -> Heard:
        """Wait until a clip, or any, tells an event, and return the last such."""
        wanted = "" if clip is None else f"/{clip}"

        def find() -> Heard | None:
            found = [event for event in self.heard(kind) if wanted in event["src"]]
            return found[-1] if found else None

        found = self.eventually(find, lambda event: event is not None, f"a clip {clip} that tells {kind!r}")
        assert found is not None
        return found

    def sounding(self, name: str) -> Any:
        """Return a property of the element that plays: currentTime, paused, playbackRate, volume, muted, loop."""
        return self.page.evaluate(f"() => window.sounding ? window.sounding.{name} : null")

    def eventually(
        self, ask: Callable[[], T], accept: Callable[[T], object], what: str, patience: float = PATIENCE
    ) -> T:
        """Ask until the answer is accepted.

        The page's policy forbids what ``wait_for_function`` does, rightly.
        """
        until = time.monotonic() + patience
        while True:
            answer = ask()
            if accept(answer):
                return answer
            if time.monotonic() > until:
                raise AssertionError(f"got {answer!r}, wanted {what}")
            self.page.wait_for_timeout(15)


def rewrite(board: Board, change: Callable[[int], Mapping[str, Any]]) -> None:
    """Let the server tell other things of the clips that it lists, by their place.

    For texts that no recipe has.
    """

    def answer(route: Route) -> None:
        response = route.fetch()
        told = response.json()
        for place, row in enumerate(told["rows"]):
            row.update(change(place))
        route.fulfill(response=response, json=told)

    board.page.route("**/api/clips?*", answer)
