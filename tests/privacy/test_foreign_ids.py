"""Ids of others in an address or in a field that nobody types into: refused, nothing told, nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask, current_app
from sqlalchemy import select
from werkzeug.routing import Rule

from portal.assessments.models import Assessment, Seat
from portal.assessments.portfolio.models import Piece
from portal.extensions import db
from portal.mentoring.models import Mentorship
from portal.notifications.models import Delivery
from portal.people.models import Absence, SignIn
from portal.requests.discussion_models import Comment
from portal.requests.models import Decision, TeamRequest
from tests.assessments import factories as sheets
from tests.privacy import crawling
from tests.privacy.browsing import Reader, reader
from tests.privacy.conftest import go_back, keep
from tests.privacy.crawling import Form, arguments, fill
from tests.privacy.kept import everything_kept
from tests.privacy.scene import Scene
from tests.requests import factories as requests

REFUSED = (400, 403, 404, 405, 409, 422)
NOWHERE = (10**6, -1, 10**30)
TYPED = "words of somebody who typed"


def routes(app: Flask) -> Iterator[tuple[str, Rule]]:
    """(method, route) of everything with an id in its address."""
    for rule in app.url_map.iter_rules():
        if any(name.endswith("_id") for name in arguments(rule)):
            yield from ((method, rule) for method in ("GET", "POST") if method in (rule.methods or ()))


ASKED_FIRST = {
    "requests.review": (403, 409),  # whether there is something to review at all, and by whom
    "merges.settle": (422,),  # whether one of the two buttons was pressed
}


def refused_before(rule: Rule, answer: tuple[int, list[str]]) -> bool:
    """Whether this route refuses, in words, before it looks for what the id means."""
    return answer[0] in ASKED_FIRST.get(rule.endpoint, ()) and not answer[1]


def ask(browser: Reader, method: str, address: str) -> tuple[int, list[str]]:
    """The status, and every word of the scene that the answer holds."""
    answer = browser.get(address) if method == "GET" else browser.post(address, {"body": TYPED, "reason": TYPED})
    return answer.status_code, browser.known.findall(answer.text)


@pytest.mark.both_databases
def test_ids_that_are_nobodys_are_not_found_whatever_the_route(app: Flask, scene: Scene) -> None:
    browser, before, faults = reader(app, scene, "director"), everything_kept(), []

    for method, rule in routes(app):
        names = arguments(rule)
        for place, name in enumerate(names):
            for value in NOWHERE if name.endswith("_id") else ():
                real = [
                    scene.requests["discussed"].id if other == "request_id" else crawling.ONE[other]()[0]
                    for other in names
                ]
                answer = ask(browser, method, fill(rule, [*real[:place], value, *real[place + 1 :]]))
                if answer not in ((404, []), (405, [])) and not refused_before(rule, answer):
                    faults.append(f"{method} {rule.rule} with {name}={value}: {answer}")

    assert faults == []
    assert everything_kept() == before


def test_what_belongs_to_another_request_is_not_found_under_ones_own(app: Flask, scene: Scene) -> None:
    mine, faults = scene.requests["discussed"].id, []
    parts = {names: pairs() for names, pairs in crawling.TOGETHER.items() if names[0] == "request_id"}
    browsers = [reader(app, scene, actor) for actor in ("author", "director")]
    before = everything_kept()

    for method, rule in routes(app):
        for _other, part in [pair for pair in parts.get(tuple(arguments(rule)), []) if pair[0] != mine][::7]:
            for browser in browsers:
                answer = ask(browser, method, fill(rule, [mine, part]))
                if answer != (404, []) and not refused_before(rule, answer):
                    faults.append(f"{browser.actor}: {method} {rule.rule} with {part}: {answer}")

    assert faults == []
    assert everything_kept() == before


def test_somebody_without_a_part_in_it_changes_nothing_by_any_id(app: Flask, scene: Scene) -> None:
    browser, faults = reader(app, scene, "outsider"), []
    own = {f"/{kind}/{number}/" for kind, number in own_ids(scene)}
    before = everything_kept()
    with_ids = {rule.endpoint for _method, rule in routes(app)}
    addresses = [(endpoint, address) for endpoint, address in crawling.addresses(app, "POST") if endpoint in with_ids]

    for number, (_endpoint, address) in enumerate(addresses):
        if number % 4 == 0 and not any(f"{address}/".startswith(mine) for mine in own):
            status, words = ask(browser, "POST", address)
            if status not in (403, 404) or words:
                faults.append(f"{address}: {status} {words}")

    assert faults == []
    assert everything_kept() == before


def own_ids(scene: Scene) -> list[tuple[str, int]]:
    own = [("requests", scene.requests["draft"].id), ("people", scene.ids["outsider"])]
    papers = db.session.scalars(select(Assessment.id).where(Assessment.person_id == scene.ids["outsider"]))
    return [*own, ("markings", scene.markings["vacant"]), *(("assessments", paper) for paper in papers)]


def comment_of_somebody_else(scene: Scene) -> Comment:
    query = select(Comment).where(Comment.author_id != scene.ids["author"])
    return db.session.scalars(query).first() or pytest.fail("nobody else has commented")


def deliveries_of_somebody_else(scene: Scene) -> list[object]:
    query = select(Delivery.id).where(Delivery.person_id == scene.ids["member"])
    return list(db.session.scalars(query.order_by(Delivery.id).limit(2)))


FOREIGN: dict[str, Callable[[Scene], list[object]]] = {
    "requests.start submission_id": lambda scene: [db.session.get_one(TeamRequest, 1).submission_id],
    "base_text_id": lambda scene: [comment_of_somebody_else(scene).text_id],
    "assessment_id": lambda scene: [
        scene.draft_assessment_id,
        sheets.seated(scene.markings["blind"], Seat.MENTOR),  # about the candidate, who may not read it yet
        sheets.seated(scene.markings["revealed"], Seat.MENTOR),
    ],
    "mentor": lambda scene: [scene.ids["newcomer"], scene.ids["locked"]],
    "second": lambda scene: [scene.ids["newcomer"], scene.ids["locked"]],
    "token": lambda scene: ["0" * 16],
    "seat": lambda scene: ["own", "final"],
    "marker": lambda scene: [scene.ids["newcomer"], scene.ids["locked"]],
    "confirmed_by_id": lambda scene: [scene.ids["member"]],
    "session": lambda scene: list(db.session.scalars(select(SignIn.id).where(SignIn.person_id == scene.ids["member"]))),
    "items": lambda scene: ["role:director", "access_group:nothing"],
    "removals": lambda scene: ["role:director"],
    "post": lambda scene: ["director", "board"],
    "replaces": lambda scene: list(db.session.scalars(select(Piece.id))),
    "standards.publish seen": lambda scene: ["0" * 64],
    **dict.fromkeys(("notifications.settle done", "notifications.settle later"), deliveries_of_somebody_else),
}
"""Values that exist and are somebody else's, for fields that nobody types into."""

WRONG = ("-1", "9" * 40)
DRAFTS = (
    "a draft keeps what was chosen; whether the form offers it is asked before it goes on, and when it is submitted"
)
TAKEN = {
    "about": "says under which question typed words come back; the address decides what is answered",
    "csrf_token": "tested with sign-in",
    "go_on": "a button",
    "later": "a button",
    "page_id": "names the page a form stands on; counts together with who sends it, where to, and what",
    "save": "a button",
    "file": "a file of one's own, whose text is looked at like what is typed",
    "previewed": "names the text that was looked at; another text is shown first, whatever this says",
    "quiet": "a box: whatever it sends, it is ticked",
    "show": "says which part of the inbox comes next",
    "seen": "names what a part was filled from; only where both sides changed it, there is something to choose",
    "assessments.ask_post submission_id": "counts together with who sends it",
    **{f"requests.save_details {name}": DRAFTS for name in ("for_whom", "items", "removals")},
}
"""Fields in which any value is taken, and why that is right."""

PAGES: list[tuple[str, Callable[[Scene], str]]] = [
    ("author", lambda scene: f"/requests/{scene.requests['discussed'].id}"),
    ("author", lambda scene: f"/requests/{scene.requests['discussed'].id}/comments/{own_comment(scene)}/edit"),
    ("director", lambda scene: f"/requests/{scene.requests['discussed'].id}"),
    ("candidate", lambda scene: f"/requests/{scene.requests['discussed'].id}/edit"),
    ("outsider", lambda scene: f"/requests/{scene.requests['draft'].id}/draft"),
    ("outsider", lambda scene: "/requests/new"),
    ("newcomer", lambda scene: f"/assessments/{scene.draft_assessment_id}"),
    ("director", lambda scene: "/assessments/reviews/new"),
    ("director", lambda scene: "/markings/new"),
    ("author", lambda scene: f"/markings/{scene.markings['revealed']}"),
    ("outsider", lambda scene: f"/markings/{scene.markings['vacant']}"),
    ("director", lambda scene: "/people/appointments"),
    ("director", lambda scene: f"/people/{scene.ids['holder']}/nda"),
    ("director", lambda scene: "/rules/discussion_days/change?kind=access_expansion"),
    ("director", lambda scene: "/account"),
    ("candidate", lambda scene: "/account/mail"),
    ("candidate", lambda scene: "/inbox"),
    ("candidate", lambda scene: "/assessments"),
    ("candidate", lambda scene: f"/assessments/{sheets.seated(scene.markings['blind'], Seat.OWN)}/carry"),
    ("outsider", lambda scene: "/mentoring/new"),
    ("marker", lambda scene: f"/mentoring/{mentorship_of(scene, 'marker')}"),
    ("member", lambda scene: "/mentoring/gaps"),
    ("member", lambda scene: f"/people/{scene.ids['member']}/evidence"),
    ("deputy", lambda scene: f"/people/{scene.ids['candidate']}/evidence"),
    ("director", lambda scene: "/people/merges"),
    ("director", lambda scene: "/standards/draft"),
    ("board", lambda scene: f"/requests/{scene.requests['referred'].id}"),
    ("candidate", lambda scene: f"/requests/{scene.requests['referred'].id}"),
    ("outsider", lambda scene: f"/requests/{scene.requests['draft'].id}/key"),
]
"""Who opens which page; every form on it is sent with every foreign value in every field."""

BARE: list[tuple[str, Callable[[Scene], str]]] = [
    ("author", lambda scene: f"/mentoring/{mentorship_of(scene, 'author')}"),
    ("director", lambda scene: "/mentoring"),
    ("newcomer", lambda scene: f"/assessments/{scene.draft_assessment_id}/import"),
    ("director", lambda scene: "/standards/import"),
    ("candidate", lambda scene: f"/people/{scene.ids['candidate']}/evidence"),
    ("board", lambda scene: "/people/director-unreachable"),
    ("director", lambda scene: "/people/me/absence"),
    ("recused", lambda scene: "/people/me/absence"),
    ("director", lambda scene: f"/people/{scene.ids['author']}/roles/software_engineer/end"),
    ("board", lambda scene: f"/people/{scene.ids['treasurer']}/capacities/treasurer/end"),
    ("director", lambda scene: "/access/waiting"),
    ("holder", lambda scene: "/access/1/end"),
    ("director", lambda scene: f"/requests/{scene.requests['approved'].id}"),
    ("director", lambda scene: f"/requests/{scene.requests['declined'].id}"),
    ("sponsor", lambda scene: f"/requests/{scene.requests['discussed'].id}"),
    ("candidate", lambda scene: f"/requests/{scene.requests['discussed'].id}/withdraw"),
    ("candidate", lambda scene: f"/requests/{scene.requests['discussed'].id}/own-key"),
    ("outsider", lambda scene: f"/requests/{scene.requests['draft'].id}/check-answers"),
    ("author", lambda scene: f"/requests/{scene.requests['discussed'].id}/texts/{own_text(scene)}/remove"),
    ("director", lambda scene: f"/record/{approval()}/remove"),
    ("recused", lambda scene: f"/texts/{absence_reason()}/remove"),
    ("member", lambda scene: "/calendar"),
    ("candidate", lambda scene: f"/assessments/{sheets.seated(scene.markings['blind'], Seat.OWN)}"),
    ("marker", lambda scene: f"/assessments/{scene.assessment_id}"),
    ("deputy", lambda scene: f"/assessments/{sheets.seated(scene.markings['blind'], Seat.SECOND)}"),
]
"""Who opens the pages of the forms that hold nothing but words and buttons: there is nothing foreign to send."""


def own_comment(scene: Scene) -> int:
    query = select(Comment.id).where(Comment.author_id == scene.ids["author"])
    return db.session.scalars(query.where(Comment.request_id == scene.requests["discussed"].id)).first() or 0


def own_text(scene: Scene) -> int:
    return db.session.get_one(Comment, own_comment(scene)).text_id


def mentorship_of(scene: Scene, mentor: str) -> int:
    """The one that this mentor was asked for last."""
    query = select(Mentorship.id).where(Mentorship.mentor_id == scene.ids[mentor])
    return db.session.scalars(query.order_by(Mentorship.id.desc())).first() or 0


def approval() -> int:
    return db.session.scalars(select(Decision.id).where(Decision.approved)).first() or 0


def absence_reason() -> int:
    return db.session.scalars(select(Absence.reason_id).where(Absence.reason_id.is_not(None))).first() or 0


FITTING = {
    **dict.fromkeys(("url", "link", "minutes_url", "wiki_proof", "github_proof"), "https://example.org/page"),
    **dict.fromkeys(("signed_on", "met_on", "decline-met_on"), "2026-01-05"),
    **dict.fromkeys(("shell_name", "github_name"), "olga"),
    "decline-minutes_url": "https://example.org/page",
    "key": requests.key_offer().key.text,
    "address": "olga@example.org",
    "item": "web-security",
    "target": "3",
    "name": "Mia Member",
    "value": "6",
    **dict.fromkeys(("phorge_task", "candidate_name", "person"), ""),
}
"""What to type into a field that does not take any words."""
OF_ITEMS = ("score-", "remark-", "link-", "seen-")


def filled(form: Form) -> dict[str, object]:
    """The form as somebody fills it in who may send it."""
    fitting = {field.name: FITTING[field.name] for field in form.fields if field.name in FITTING}
    links = {field.name: "" for field in form.fields if field.name.startswith("link-")}
    for field in form.fields:
        if field.name == "second" and "mentor" in form.data():  # two different members
            fitting["second"] = next(value for value in field.offered if value not in form.data()["mentor"])
    for field in form.fields:
        if field.name in ("items", "confirmed_by_id") and not form.data().get(field.name, [""])[0]:
            fitting[field.name] = next(value for value in field.offered if value)
    return {**form.data(TYPED), **(fitting if "concern" not in form.action else {}), **links}


def foreign_values(scene: Scene, form: Form, name: str) -> list[object]:
    """What to send in this field."""
    in_form = f"{endpoint(form)} {name}"
    if in_form not in FOREIGN and (name in TAKEN or in_form in TAKEN):
        return []
    found = FOREIGN.get(in_form) or FOREIGN.get(name)
    return [*(found(scene) if found else []), *WRONG]


def endpoint(form: Form) -> str:
    address = form.action.partition("?")[0]
    return str(current_app.url_map.bind("localhost").match(address, method="POST")[0])


def post_forms(page: str, address: str) -> list[Form]:
    """What the page posts; of forms that differ in their values alone, the first."""
    found = [form for form in crawling.forms(page, address) if form.method == "post"]
    return list({(form.action, tuple(field.name for field in form.fields)): form for form in reversed(found)}.values())


def not_typed(form: Form) -> Iterator[str]:
    """The names of the fields that nobody types into; of those that differ by their item alone, the first."""
    seen = set()
    for field in form.fields:
        pattern = field.name.split("-")[0] if field.name.startswith(OF_ITEMS) else field.name
        if not field.is_typed and field.type not in ("date", "number") and pattern not in seen:
            seen.add(pattern)
            yield field.name


ELSEWHERE = {
    **dict.fromkeys(
        ("assessment.lock", "assessment.save_header", "assessment.save_item"),
        "take the form of assessment.save, or a part of it",
    ),
    **dict.fromkeys(("requests.fingerprint", "requests.preview"), "show what a form would do, from the same fields"),
    **dict.fromkeys(
        ("mail.confirmed", "mail.stopped"),
        "stand in mails; their one value is signed: tests/notifications/test_unsubscribing.py",
    ),
    **dict.fromkeys(
        (
            "absence.report_unreachable",
            "absence.confirm_unreachable",
            "absence.end_acting",
            "appointments.withdraw_nda",
        ),
        "a button alone, while it is so",
    ),
    **dict.fromkeys(("marking.begin_final", "mail.resume", "requests.agree"), "a button alone, while it is so"),
    "requests.answer": "words alone, while a question is open",
}
"""Forms that no page of the scene holds, and why nothing foreign could be sent by them."""


def test_every_form_of_the_portal_is_sent_or_holds_nothing_foreign(app: Flask, scene: Scene) -> None:
    found: dict[str, set[str]] = {}
    for actor, page in [*PAGES, *BARE]:
        address = page(scene)
        for form in post_forms(reader(app, scene, actor).get(address).text, address):
            fields = {name for name in not_typed(form) if foreign_values(scene, form, name)}
            if (actor, page) in PAGES:
                found[endpoint(form)] = set()  # each field of it is tried below
            else:
                found.setdefault(endpoint(form), fields)

    there = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    missing, untried = (
        sorted(there - set(found) - set(ELSEWHERE)),
        {form: names for form, names in found.items() if names},
    )
    assert not missing, f"say in PAGES or in BARE who opens the page of {missing}, or in ELSEWHERE why nobody need"
    assert not untried, f"these hold more than words and buttons, so their pages belong into PAGES: {untried}"
    assert not set(ELSEWHERE) & set(found), "these stand on a page that is opened here, so take them out of ELSEWHERE"


@pytest.mark.parametrize("number", range(len(PAGES)))
def test_a_foreign_value_in_a_field_that_nobody_types_into_is_refused(app: Flask, scene: Scene, number: int) -> None:
    actor, page = PAGES[number]
    browser = [reader(app, scene, name) for name in ("member", actor, actor)][-1]  # and sessions elsewhere
    faults, sent = [], 0
    keep("foreign")
    address = page(scene)
    found = [form for form in post_forms(browser.get(address).text, address) if "/sign-out" not in form.action]
    before = everything_kept()

    for form in found:
        assert browser.post(form.action, filled(form)).status_code == 303, (
            form.action
        )  # or a refusal would show nothing
        go_back("foreign")
        for name in not_typed(form):
            for value in foreign_values(scene, form, name):
                sent += 1
                answer = browser.post(form.action, {**filled(form), name: str(value)})
                if answer.status_code not in REFUSED or everything_kept() != before:
                    faults.append(f"{form.action}: {name}={value} was answered {answer.status_code}")
                    go_back("foreign")

    assert faults == []
    assert browser.leaks == []
    assert sent


@pytest.mark.parametrize(("name", "value"), [("items", "role:director"), ("removals", "role:director"), ("items", "x")])
def test_a_draft_with_something_that_was_not_offered_is_never_filed(
    app: Flask, scene: Scene, name: str, value: str
) -> None:
    browser, request_id = reader(app, scene, "outsider"), scene.requests["draft"].id
    page = f"/requests/{request_id}/draft"
    form = next(form for form in crawling.forms(browser.get(page).text, page) if form.action == page)
    browser.post(page, {**filled(form), name: value})

    answer = browser.post(f"/requests/{request_id}/submit", {})

    assert answer.status_code == 422
    assert db.session.get_one(TeamRequest, request_id).submitted_at is None


def test_nobody_files_for_somebody_else_who_may_not(app: Flask, scene: Scene) -> None:
    browser, request_id = reader(app, scene, "outsider"), scene.requests["draft"].id
    page = f"/requests/{request_id}/draft"
    form = next(form for form in crawling.forms(browser.get(page).text, page) if form.action == page)
    browser.post(page, {**filled(form), "for_whom": "other", "candidate_name": "Nell Newcomer"})

    browser.post(f"/requests/{request_id}/submit", {})

    assert db.session.get_one(TeamRequest, request_id).candidate_id == scene.ids["outsider"]
