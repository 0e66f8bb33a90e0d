"""Takes the pictures of ./dev shots from a portal that runs with the demo data. This module runs inside .venv.

Where to look comes on standard input, from `flask demo tour`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, sync_playwright

Scheme = Literal["light", "dark"]
LOOKS: tuple[tuple[int, Scheme], ...] = ((1280, "light"), (320, "light"), (320, "dark"), (1280, "dark"))
NOBODY = "nobody"
PHONE = 320
PAPER = 760  # px: A4 between its margins
UNFOLD = """() => {
  window.folded = [...document.querySelectorAll("main details:not([open])")];
  for (const fold of window.folded) fold.open = true;
  return window.folded.length;
}"""
FOLD = "() => { for (const fold of window.folded) fold.open = false; }"
SWITCHES = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--hide-scrollbars"]


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the portal runs, what its addresses name, and where the pictures go."""

    browser: Browser
    url: str
    tour: Mapping[str, Any]
    folder: Path
    only: str

    @contextmanager
    def window(self, person: str) -> Iterator[Page]:
        """A window in which this demo person is signed in."""
        context = self.browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        page = context.new_page()
        try:
            if person != NOBODY:
                page.goto(f"{self.url}/sign-in")
                page.get_by_role("button", name=f"Continue as {person}", exact=True).click()
                page.locator(".site-user form").wait_for()
            yield page
        finally:
            context.close()

    def take(self, page: Page, person: str, name: str, looks: tuple[tuple[int, Scheme], ...] = LOOKS) -> None:
        """The page in each look, as it is and, on a phone, with every fold open."""
        for width, scheme in looks:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme, media="screen")
            self._shoot(page, person, f"{name}.{width}-{scheme}")
            if (width, scheme) == (PHONE, "light") and page.evaluate(UNFOLD):
                self._shoot(page, person, f"{name}.{PHONE}-unfolded")
                page.evaluate(FOLD)

    def print(self, page: Page, person: str, name: str) -> None:
        """The page as it goes to paper."""
        page.set_viewport_size({"width": PAPER, "height": 1080})
        page.emulate_media(media="print")
        self._shoot(page, person, f"{name}.print")
        page.emulate_media(media="screen")

    def _shoot(self, page: Page, person: str, name: str) -> None:
        path = self.folder / person.removeprefix("Demo ").lower().replace(" ", "-") / f"{name}.png"
        if self.only in str(path.relative_to(self.folder)):
            page.screenshot(path=path, full_page=True, animations="disabled")

    def wants(self, person: str, name: str) -> bool:
        """Whether a picture of this page may have the words that were asked for in its name."""
        path = f"{person.removeprefix('Demo ').lower().replace(' ', '-')}/{name}"
        return not self.only or path in self.only or self.only.partition(".")[0] in path


def name_of(address: str) -> str:
    """The name of a page in file names: /requests/{ready}/edit is "requests-ready-edit"."""
    return re.sub(r"[^\w]+", "-", address).strip("-") or "dashboard"


def whole_tour(camera: Camera) -> None:
    """Everybody's pages, then what pressing a button shows, then paper."""
    for person, addresses in camera.tour["visits"].items():
        _visit(camera, person, addresses, LOOKS)
    _press(camera)
    for person, addresses in camera.tour["printed"].items():
        wanted = [address for address in addresses if camera.wants(person, name_of(address))]
        with camera.window(person) as page:
            for address in wanted:
                page.goto(camera.url + address.format(**camera.tour["ids"]))
                camera.print(page, person, name_of(address))


def mirrored_tour(camera: Camera) -> None:
    """Some pages as they stand for readers from right to left."""
    for person, addresses in camera.tour["mirrored"].items():
        _visit(camera, person, addresses, LOOKS[0::2], suffix=".mirrored")


def _visit(
    camera: Camera, person: str, addresses: list[str], looks: tuple[tuple[int, Scheme], ...], suffix: str = ""
) -> None:
    wanted = [address for address in addresses if camera.wants(person, name_of(address))]
    if not wanted:
        return
    with camera.window(person) as page:
        for address in wanted:
            page.goto(camera.url + address.format(**camera.tour["ids"]))
            camera.take(page, person, name_of(address) + suffix, looks)
    print(f"{person}: {len(wanted)} pages", flush=True)


def _press(camera: Camera) -> None:
    """An address that is empty goes on with the page of the line before."""
    before = ""
    for name, person, address, button in camera.tour["pressed"]:
        with camera.window(person) as page:
            page.goto(camera.url + address.format(**camera.tour["ids"]) if address else before)
            page.evaluate(UNFOLD)
            page.get_by_role("button", name=button, exact=True).first.click()
            page.wait_for_load_state("networkidle")
            before = page.url
            camera.take(page, person, f"pressed-{name}")
    print(f"{len(camera.tour['pressed'])} buttons pressed", flush=True)


def main() -> None:
    """Take the tour that was named."""
    parser = argparse.ArgumentParser(prog="python -m devtools.pictures")
    parser.add_argument("tour", choices=("whole", "mirrored"))
    parser.add_argument("url")
    parser.add_argument("chromium")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="")
    chosen = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chosen.chromium, args=SWITCHES)
        camera = Camera(browser, chosen.url, json.load(sys.stdin), chosen.folder, chosen.only)
        {"whole": whole_tour, "mirrored": mirrored_tour}[chosen.tour](camera)
        browser.close()


if __name__ == "__main__":
    main()
