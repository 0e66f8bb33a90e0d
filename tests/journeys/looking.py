"""Looking at a page as many people meet it: narrow and wide, light and dark, with axe-core's eyes."""

from __future__ import annotations

from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

WIDE, NARROW = 1280, 320
OTHERWISE = ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"]
Look = tuple[int, Literal["light", "dark"], list[str] | None]
SOME_LOOKS: tuple[Look, ...] = (
    (WIDE, "light", None),  # every rule
    (NARROW, "dark", OTHERWISE),  # the rules to which colours and room matter
)
IN_TURN: tuple[Look, ...] = ((WIDE, "light", None), (NARROW, "dark", None))  # one page in this, the next in that
EVERY_LOOK: tuple[Look, ...] = (
    (WIDE, "light", None),
    (WIDE, "dark", None),
    (NARROW, "light", None),
    (NARROW, "dark", None),
)
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (element) => getComputedStyle(element).overflowX !== "visible";
  const isCut = (element) => element && (scrolls(element) || isCut(element.parentElement));
  return document.scrollingElement.scrollWidth <= width ? [] : [...document.querySelectorAll("body *")]
    .filter((element) => element.getBoundingClientRect().right > width + 0.5 && !isCut(element.parentElement))
    .slice(0, 3).map((element) => element.outerHTML.slice(0, 120));
}"""
AXE = """async (rules) => {
  for (const animation of document.getAnimations()) animation.finish();
  const only = rules ? {runOnly: {type: "rule", values: rules}} : {};
  const found = await axe.run(document, {resultTypes: ["violations"], ...only});
  const why = (node) => `${node.target}: ${[...node.any, ...node.all, ...node.none].map((check) => check.message)}`;
  return found.violations.map((fault) => `${fault.id}: ${fault.nodes.slice(0, 3).map(why).join(" | ")}`);
}"""


def faults(page: Page, looks: tuple[Look, ...] = SOME_LOOKS) -> list[str]:
    """Everything axe-core finds on the page with all folds open, and what does not fit on a phone."""
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    page.evaluate(AXE_SCRIPT)
    found = []
    for width, scheme, rules in looks:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        found += [f"{width} px, {scheme}: {fault}" for fault in page.evaluate(AXE, rules)]
        found += [f"{width} px: too wide: {element}" for element in page.evaluate(TOO_WIDE)]
    page.set_viewport_size({"width": WIDE, "height": 900})
    page.emulate_media(color_scheme="light")
    return found
