"""The page of somebody's evidence: they add to it and withdraw from it, their markers answer."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.assessments import queries as assessments
from portal.assessments import views
from portal.assessments.links import shortened
from portal.assessments.models import StandardItem
from portal.assessments.portfolio import policy, queries, services, told, words
from portal.assessments.portfolio.forms import AnswerForm, PieceForm
from portal.assessments.portfolio.models import Piece, PieceAnswer, Verdict
from portal.errors import Conflict, Invalid, NotPermitted, NotVisible, WrongState
from portal.notifications import registry
from portal.org import organisation
from portal.people import current
from portal.people import queries as people
from portal.people.facts import PersonFacts
from portal.people.forms import blame
from portal.people.held_forms import kept_fields
from portal.people.removals import add_place
from portal.people.sent_forms import once
from portal.web import ids
from portal.web.access import Rule, access
from portal.web.fragments import go_to, render

bp = Blueprint("portfolio", __name__, url_prefix="/people/<int:person_id>/evidence")


@bp.get("")
@access(Rule.OBJECT, action="read_portfolio")
def show(person_id: int) -> ResponseReturnValue:
    """Every piece that the reader may read, and what the markers say of it."""
    return _page(person_id)


def _page(
    person_id: int,
    *,
    faulty: PieceForm | AnswerForm | None = None,
    answered: int | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    """The page; ``faulty`` is the form that was refused, ``answered`` the piece it answered."""
    me = _me()
    standing = queries.visible(me, person_id)
    person_id = standing.person_id
    items = _items()
    may_write = policy.may_write(me, person_id)
    return render(
        "portfolio/show.html",
        status=status,
        person=people.get(person_id),
        is_mine=me.id == person_id,
        pieces=queries.pieces(me, standing),
        withdrawn=queries.pieces(me, standing, withdrawn=True),
        titles={item.key: item.title for item in items},
        sections=views.by_section(items),
        form=(faulty if isinstance(faulty, PieceForm) else _piece_form(person_id, items)) if may_write else None,
        answer=(faulty if isinstance(faulty, AnswerForm) else AnswerForm(formdata=kept_fields("portfolio.answer")))
        if policy.may_answer(me, standing)
        else None,
        answered=answered if answered is not None else request.args.get("piece", type=int),
        faulty=faulty,
    )


def _piece_form(person_id: int, items: list[StandardItem]) -> PieceForm:
    """The form to add a piece: empty, for the item of the address, or as the piece that shall be said otherwise."""
    wanted = ids.parse(request.args.get("replaces", ""))
    data: dict[str, object] = {"items": [key for key in request.args.getlist("item") if key]}
    if wanted is not None:
        piece = queries.piece(person_id, wanted)
        if piece.withdrawn_at is not None:
            raise WrongState(services.WITHDRAWN)
        said = piece.sentence.body or ""
        data = {"items": piece.items, "link": piece.link or "", "sentence": said, "replaces": str(wanted)}
    form = PieceForm(formdata=kept_fields("portfolio.add"), data=data)
    form.offer(items)
    return form


def _items() -> list[StandardItem]:
    standard = assessments.current_standard()
    return list(assessments.items_of(standard.id)) if standard else []


@bp.post("")
@access(Rule.OBJECT, action="write_portfolio")
def add(person_id: int) -> ResponseReturnValue:
    """Add a piece, or put it in the place of another."""
    queries.visible(_me(), person_id)
    if not policy.may_write(_me(), person_id):
        raise NotPermitted(services.OWN_ALONE)
    form, actor, done = PieceForm(), current.actor(), url_for("portfolio.show", person_id=person_id)
    form.offer(_items())
    if not form.validate_on_submit():
        return _page(person_id, faulty=form, status=422)
    try:
        with once(done) as now:
            services.add(actor, person_id, form.typed, replaces_id=form.replaces_id, now=now)
    except Conflict as refusal:
        form.stand_alone()
        return _page(person_id, faulty=form, status=blame(form, refusal))
    except (Invalid, WrongState) as refusal:
        return _page(person_id, faulty=form, status=blame(form, refusal))
    flash(_("Saved. Who is named to mark you reads it."), "success")
    return go_to(done)


@bp.post("/<int:piece_id>/withdraw")
@access(Rule.OBJECT, action="write_portfolio")
def withdraw(person_id: int, piece_id: int) -> ResponseReturnValue:
    """Take a piece back."""
    actor, done = current.actor(), url_for("portfolio.show", person_id=person_id)
    with once(done) as now:
        services.withdraw(actor, person_id, piece_id, now=now)
    flash(_("Withdrawn. It no longer counts as shown."), "success")
    return go_to(done)


@bp.post("/<int:piece_id>/answer")
@access(Rule.OBJECT, action="answer_portfolio")
def answer(person_id: int, piece_id: int) -> ResponseReturnValue:
    """Accept a piece, or question it."""
    standing = queries.visible(_me(), person_id)
    piece = queries.piece(person_id, piece_id)
    if not policy.may_answer(_me(), standing):
        raise NotPermitted(services.MARKERS_ALONE)
    if piece.withdrawn_at is not None:
        raise WrongState(services.WITHDRAWN)
    form, actor = AnswerForm(), current.actor()
    done = url_for("portfolio.show", person_id=person_id, _anchor=f"piece-{piece_id}")
    if not form.validate_on_submit():
        return _page(person_id, faulty=form, answered=piece_id, status=422)
    try:
        with once(done) as now:
            verdict = Verdict(form.verdict.data)
            services.answer(actor, person_id, piece_id, verdict, form.sentence.data, now=now)
    except Invalid as refusal:
        return _page(person_id, faulty=form, answered=piece_id, status=blame(form, refusal))
    flash(_("Saved."), "success")
    return go_to(done)


def _me() -> PersonFacts:
    facts = current.actor_facts()
    if facts is None:
        raise NotVisible
    return facts


def init_app(app: Flask) -> None:
    """Bind the pages of evidence."""
    app.register_blueprint(bp)
    app.jinja_env.globals.update(portfolio_words=words)
    app.jinja_env.filters["short_link"] = _short_link
    add_place(app, Piece.sentence_id, _page_of)
    add_place(app, PieceAnswer.sentence_id, _page_of, _reads)
    registry.add_source(app, told.SOURCE)


def _short_link(link: str) -> str:
    return shortened(link, wiki_url=organisation().wiki_url, tracker_url=organisation().tracker_url)


def _reads(reader: PersonFacts, row: PieceAnswer) -> bool:
    """Its author always, whoever else may read it: not who decides, before both markings are in."""
    if reader.id == row.marker_id:
        return True
    return policy.reads_answer(reader, queries.standing(reader.id, row.piece.person_id), row.marker_id)


def _page_of(row: Piece | PieceAnswer) -> str:
    piece = row if isinstance(row, Piece) else row.piece
    return url_for("portfolio.show", person_id=piece.person_id, _anchor=f"piece-{piece.id}")
