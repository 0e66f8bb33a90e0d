"""What was removed is nowhere at all, and whoever may remove a text finds where."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import Text
from portal.audit.services import verify_chain
from portal.extensions import db
from tests.privacy import crawling
from tests.privacy.browsing import any_of, reader
from tests.privacy.kept import everything_indexed, everything_kept
from tests.privacy.scene import Scene


def words_of(scene: Scene, text_ids: set[int]) -> set[str]:
    """The canaries in these texts and in every version of them."""
    firsts = {text.first_id or text.id for text in db.session.scalars(select(Text).where(Text.id.in_(text_ids)))}
    versions = db.session.scalars(select(Text.body).where(Text.id.in_(firsts) | Text.first_id.in_(firsts)))
    bodies = "\n".join(body or "" for body in versions)
    return {canary.word for canary in scene.canaries if canary.word in bodies}


@pytest.mark.both_databases
def test_what_was_removed_is_nowhere_in_any_version_for_anybody(app: Flask, scene: Scene) -> None:
    request_id = scene.requests["discussed"].id
    ids = {text for request, text in crawling.texts() if request == request_id}
    gone = words_of(scene, ids)
    director, author = reader(app, scene, "director"), reader(app, scene, "author")
    assert len(gone) >= 20

    for text_id in ids:  # those of which another version was removed before are refused in words
        assert director.post(f"/requests/{request_id}/texts/{text_id}/remove", {}).status_code in (303, 409)

    found = any_of(gone)
    assert found.findall(everything_kept()) == []
    assert any_of({word.split("-")[0] for word in gone}).findall(everything_indexed()) == []
    for browser in (director, author):
        assert found.findall(browser.get(f"/requests/{request_id}").text) == []
        for word in gone:
            asked = urlencode({"q": word})
            assert f'href="/requests/{request_id}"' not in browser.get(f"/requests/?{asked}").text
            assert f'href="/requests/{request_id}' not in browser.get(f"/search?{asked}").text
    assert verify_chain().first_bad is None


OPENED = [("director", name) for name in ("discussed", "declined", "approved", "referred")]
OPENED += [(actor, "discussed") for actor in ("author", "sponsor", "recused", "member", "candidate")]
OPENED += [("board", "decided by the board")]


@pytest.mark.parametrize(("actor", "name"), OPENED)
def test_every_text_that_somebody_may_remove_has_a_link_to_do_so(
    app: Flask, scene: Scene, actor: str, name: str
) -> None:
    browser, request_id = reader(app, scene, actor), scene.requests[name].id
    replaced = set(db.session.scalars(select(Text.first_id)))
    texts = [text for request, text in crawling.texts() if request == request_id and text not in replaced]

    page = browser.get(f"/requests/{request_id}").text
    addresses = [f"/requests/{request_id}/texts/{text}/remove" for text in texts]
    open_to_them = {address for address in addresses if browser.get(address).status_code == 200}

    assert open_to_them
    assert open_to_them == {address for address in addresses if f'href="{address}"' in page}
