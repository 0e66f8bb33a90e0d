"""Hands that touch nothing but the keyboard, and eyes that look where the focus is. No script moves it here."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page

from tests.journeys import steps

MOST_TABS = 150

# What shows the focus: an outline or a shadow, on the element or on the drawn box beside a check box.
LOOKS = """
  const ring = (one) => {
    const { outlineStyle, outlineColor, outlineWidth, boxShadow } = one ? getComputedStyle(one) : {};
    const isDrawn = one && outlineStyle !== "none" && !/, 0\\)$/.test(outlineColor);
    return [isDrawn ? `${outlineStyle} ${outlineColor} ${outlineWidth}` : "", one ? boxShadow : ""];
  };
  const looks = (one) => JSON.stringify([one, one.parentElement, one.nextElementSibling].map(ring));
"""
# How everything looks that has no focus, to compare with later; and what is looked for.
AT_REST = (
    """(wanted) => {"""
    + LOOKS
    + """
  for (const animation of document.getAnimations()) animation.finish();
  const stops = "a, button, input, select, textarea, summary, [tabindex]";
  window.atRest = new Map([...document.querySelectorAll(stops)].map((one) => [one, looks(one)]));
  window.atRest.delete(document.activeElement);
  window.wanted = wanted;
}"""
)
# "there", "" for another stop that can be seen, or what is wrong.
ARRIVED = (
    """() => {"""
    + LOOKS
    + """
  const here = document.activeElement;
  const isInsideOfIt = !here.matches(":focus"); /* the button in a date field has a ring of the browser's own */
  if (here === document.body || isInsideOfIt) return "";
  for (const animation of document.getAnimations()) animation.finish();
  if (looks(here) === window.atRest.get(here)) return `the focus cannot be seen on ${here.outerHTML.slice(0, 200)}`;
  const box = here.getBoundingClientRect();
  const isInView = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  if (!isInView || !box.width) return `the focus is out of sight on ${here.outerHTML.slice(0, 200)}`;
  return here === window.wanted ? "there" : "";
}"""
)
# "seen" where the focus is inside the page's main part, in view, with an outline or a shadow; else what has it.
SEEN = (
    """() => {"""
    + LOOKS
    + """
  const here = document.activeElement;
  const box = here.getBoundingClientRect();
  for (const animation of document.getAnimations()) animation.finish();
  const isInView = box.bottom > 0 && box.top < innerHeight && box.width;
  const isRing = ([outline, shadow]) => outline || shadow && shadow !== "none";
  const hasRing = [here, here.nextElementSibling].map(ring).some(isRing);
  return here.matches("main *") && isInView && hasRing ? "seen" : here.outerHTML.slice(0, 200);
}"""
)


def tab_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Press Tab (or Shift+Tab) until the element has the focus; whatever has it on the way shows that it has."""
    wanted = wanted.first
    page.evaluate(AT_REST, wanted.element_handle())
    for _ in range(MOST_TABS):
        page.keyboard.press(key)
        found = page.evaluate(ARRIVED)
        assert found in ("there", ""), found
        if found:
            return
    pytest.fail(f"{key} does not lead to {wanted}")


def press_in_place(page: Page, key: str) -> None:
    """Press this where the focus is: a part of the page is swapped, no page is loaded, and the focus is not lost."""
    page.evaluate(
        "window.isTheSamePage = true; window.swaps = 0;"
        "document.addEventListener('htmx:after:swap', () => { window.swaps += 1; }, { once: true })"
    )
    page.keyboard.press(key)
    steps.until(page, "window.swaps > 0")
    assert page.evaluate("window.isTheSamePage === true"), "the page was loaded anew"
    see_focus(page)


def see_focus(page: Page) -> None:
    """Something in the page's main part has the focus, is in view, and shows it."""
    found = page.evaluate(SEEN)
    assert found == "seen", f"the focus is lost, or cannot be seen, on {found}"
