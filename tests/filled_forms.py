"""A form of a page, filled as a browser would send it."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from tests.requests.pages import parse


def filled(page: str, action: str) -> dict[str, list[str]]:
    """What pressing the button of the form with this action sends, without its secret."""
    forms = [form for form in parse(page).iter("form") if form.get("action") == action]
    assert forms, f"no form for {action}"
    found: dict[str, list[str]] = {}
    for field in forms[0].iter():
        name = field.get("name")
        if name and name != "csrf_token":
            for value in _values(field):
                found.setdefault(name, []).append(value)
    return found


def _values(field: Element) -> list[str]:
    """What one field sends."""
    kind = field.get("type", "text")
    if field.tag == "textarea":
        return [(field.text or "").removeprefix("\n")]
    if field.tag == "select":
        options = list(field.iter("option"))
        chosen = [option for option in options if option.get("selected") is not None] or options[:1]
        return [option.get("value") or "" for option in chosen]
    if field.tag != "input" or kind in ("submit", "button"):
        return []
    if kind in ("radio", "checkbox"):
        return [field.get("value") or "on"] if field.get("checked") is not None else []
    return [field.get("value") or ""]
