"""Pages: appointments, the end of a role or capacity, non-disclosure agreements."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.errors import Conflict, Invalid, Message, NotPermitted, NotVisible
from portal.org import organisation
from portal.people import appointments, current, policy, queries, roles, services, team_queries
from portal.people.facts import PersonFacts
from portal.people.forms import POST_NAMES, AppointForm, EndForm, NdaForm, blame
from portal.people.held_forms import kept_fields
from portal.people.models import Capacity, Person
from portal.people.policy import Post
from portal.people.sent_forms import once
from portal.people.visibility import visible_person
from portal.web import clock
from portal.web.access import Rule, access
from portal.web.fragments import go_to, render

bp = Blueprint("appointments", __name__)


def _my_facts() -> PersonFacts:
    """The standing of the signed-in person; the rules of these routes let nobody else in."""
    facts = current.actor_facts()
    if facts is None:
        raise NotVisible
    return facts


def _open_posts() -> list[Post]:
    """The posts this person may fill. Raises NotPermitted where there is none."""
    posts = policy.posts_to_fill(_my_facts())
    if not posts:
        raise NotPermitted(Message("The Director appoints the Deputy, and the Board appoints everybody else."))
    return posts


@bp.get("/people/appointments")
@access(Rule.OBJECT, action="appoint")
def show() -> ResponseReturnValue:
    """The posts, who is in them, and who may be appointed."""
    posts = _open_posts()
    form = AppointForm(formdata=kept_fields("appointments.appoint"))
    form.offer(posts)
    return _page(form, posts)


def _page(form: AppointForm, posts: list[Post], status: int = 200) -> ResponseReturnValue:
    now, facts = clock.now(), _my_facts()
    form.leaders.data = appointments.leaders(now)
    rows = [(post, POST_NAMES[post], _in_post(post)) for post in Post]
    may_end = {
        (post, person.id): _why_not_end(facts, post, person.id) is None
        for post, _name, found in rows
        for person in found
    }
    return render("people/appointments.html", form=form, posts=posts, rows=rows, may_end=may_end, at=now, status=status)


def _in_post(post: Post) -> list[Person]:
    now = clock.now()
    if post.capacity is not None:
        return list(team_queries.holders(post.capacity, now))
    return [term.person for term in appointments.terms(post.leads, now)] if post.leads else []


def _why_not_end(facts: PersonFacts, post: Post, person_id: int) -> Message | None:
    if post.capacity is not None:
        return policy.why_not_end_capacity(facts, post.capacity, person_id)
    return policy.why_not_end_role(facts, post.leads, person_id)


@bp.post("/people/appointments")
@access(Rule.OBJECT, action="appoint")
def appoint() -> ResponseReturnValue:
    """Appoint somebody who has signed in here at least once."""
    posts, form, actor = _open_posts(), AppointForm(), current.actor()
    if form.post.data in list(Post):  # a post that is somebody else's to fill is refused aloud, not as a slip
        policy.require(policy.why_not_appoint(_my_facts(), Post(form.post.data), None))
    form.offer(posts)
    if not form.validate_on_submit():
        return _page(form, posts, status=422)
    current.require_fresh()
    try:
        with once(url_for(".show")) as now:
            person = queries.find_by_name(form.name.data or "")
            if person is None:
                raise Invalid(Message("Nobody of this name has signed in here. Ask them to, once."), field="name")
            services.appoint(actor, person.id, Post(form.post.data), now=now, seen=form.leaders.data or "")
            name = person.name
    except (Invalid, Conflict) as error:
        return _page(form, posts, status=blame(form, error))
    flash(_("%(name)s is appointed.", name=name), "success")
    return go_to(url_for(".show"))


@bp.get("/people/<int:person_id>/roles/<role_key>/end")
@access(Rule.OBJECT, action="end_role")
def end_role(person_id: int, role_key: str) -> ResponseReturnValue:
    """Ask once more before a role ends."""
    return _end_role_page(EndForm(formdata=kept_fields("appointments.end_role_now")), person_id, role_key)


def _end_role_page(form: EndForm, person_id: int, role_key: str, status: int = 200) -> ResponseReturnValue:
    person, role = visible_person(person_id), organisation().roles.get(role_key)
    if role is None or roles.held_role(person.id, role_key, clock.now()) is None:
        raise NotVisible
    policy.require(policy.why_not_end_role(_my_facts(), role.leads, person.id))
    return _end_page(form, person, role.name, status)


def _end_page(form: EndForm | None, person: Person, title: str, status: int) -> ResponseReturnValue:
    mine = person.id == current.actor().id
    return render("people/end.html", form=form, person=person, held=title, mine=mine, status=status)


@bp.post("/people/<int:person_id>/roles/<role_key>/end")
@access(Rule.OBJECT, action="end_role")
def end_role_now(person_id: int, role_key: str) -> ResponseReturnValue:
    """Resign, or end somebody else's role."""
    form, actor = EndForm(), current.actor()
    person = visible_person(person_id)
    if not form.validate_on_submit():
        return _end_role_page(form, person_id, role_key, status=422)
    current.require_fresh()
    try:
        with once(url_for("people.person", person_id=person.id)) as now:
            services.end_role_by_hand(actor, person.id, role_key, reason=form.reason.data, now=now)
    except Invalid as error:
        return _end_role_page(form, person_id, role_key, status=blame(form, error))
    flash(_("The role has ended."), "success")
    return go_to(url_for("people.person", person_id=person_id))


@bp.get("/people/<int:person_id>/capacities/<capacity>/end")
@access(Rule.OBJECT, action="end_capacity")
def end_capacity(person_id: int, capacity: str) -> ResponseReturnValue:
    """Ask once more before a capacity ends."""
    person, held = visible_person(person_id), _capacity(capacity)
    policy.require(policy.why_not_end_capacity(_my_facts(), held, person.id))
    if appointments.held_capacity(person.id, held, clock.now()) is None:
        raise NotVisible
    return _end_page(None, person, str(POST_NAMES[Post(held.value)]), 200)


@bp.post("/people/<int:person_id>/capacities/<capacity>/end")
@access(Rule.OBJECT, action="end_capacity")
def end_capacity_now(person_id: int, capacity: str) -> ResponseReturnValue:
    """End it."""
    person, held, actor = visible_person(person_id), _capacity(capacity), current.actor()
    current.require_fresh()
    with once(url_for("people.person", person_id=person.id)) as now:
        services.end_capacity_by_hand(actor, person.id, held, now=now)
    flash(_("On record: it has ended."), "success")
    return go_to(url_for("people.person", person_id=person_id))


def _capacity(raw: str) -> Capacity:
    try:
        return Capacity(raw)
    except ValueError:
        raise NotVisible from None


@bp.get("/people/<int:person_id>/nda")
@access(Rule.OBJECT, action="note_nda")
def nda(person_id: int) -> ResponseReturnValue:
    """Note a signed non-disclosure agreement."""
    person = visible_person(person_id)
    return _nda_page(_nda_form(person, formdata=kept_fields("appointments.note_nda")), person)


def _nda_form(person: Person, **kwargs: Any) -> NdaForm:
    """The form as this person needs it: the Board is not asked whom of the Board they asked."""
    form, now = NdaForm(**kwargs), clock.now()
    if _my_facts().is_board:
        form.needs_no_confirmation()
    else:
        form.offer([found for found in team_queries.holders(Capacity.BOARD, now) if found.id != person.id])
    return form


def _nda_page(form: NdaForm, person: Person, status: int = 200) -> ResponseReturnValue:
    facts, now = _my_facts(), clock.now()
    policy.require(policy.why_not_note_nda(facts, person.id))
    return render(
        "people/nda.html",
        form=form,
        person=person,
        signed_on=queries.nda_on(person.id, now),
        status=status,
    )


@bp.post("/people/<int:person_id>/nda")
@access(Rule.OBJECT, action="note_nda")
def note_nda(person_id: int) -> ResponseReturnValue:
    """Note it."""
    actor, person = current.actor(), visible_person(person_id)
    form = _nda_form(person)
    if not form.validate_on_submit() or (signed_on := form.signed_on.data) is None:
        return _nda_page(form, person, status=422)
    current.require_fresh()
    try:
        with once(url_for("people.person", person_id=person.id)) as now:
            services.note_nda(actor, person.id, signed_on=signed_on, confirmed_by_id=form.confirming_id(), now=now)
    except Invalid as error:
        return _nda_page(form, person, status=blame(form, error))
    flash(_("Noted: a non-disclosure agreement is signed."), "success")
    return go_to(url_for("people.person", person_id=person_id))


@bp.post("/people/<int:person_id>/nda/withdraw")
@access(Rule.OBJECT, action="note_nda")
def withdraw_nda(person_id: int) -> ResponseReturnValue:
    """Take the note back."""
    actor, person = current.actor(), visible_person(person_id)
    current.require_fresh()
    with once(url_for("people.person", person_id=person.id)) as now:
        services.withdraw_nda(actor, person.id, now=now)
    flash(_("The note of a non-disclosure agreement is taken back."), "success")
    return go_to(url_for("people.person", person_id=person_id))


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
