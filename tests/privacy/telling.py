"""Builds the scene: every sort of text that a person can write, in every sort of request that matters for readers."""

from __future__ import annotations

from datetime import date, timedelta

from portal.access import services as access
from portal.access.models import ItemType
from portal.assessments import drafting
from portal.assessments import round_services as rounds
from portal.assessments import services as assessments
from portal.assessments.entries import EMPTY, Entry, Typed
from portal.assessments.models import Score, Seat
from portal.assessments.portfolio.models import Verdict
from portal.calendar import services as calendar
from portal.extensions import db
from portal.notifications import addresses, mail_tokens, spreading
from portal.people import held
from portal.people import services as people_services
from portal.people.models import MergeProposal
from portal.record import checkpoints
from portal.requests import decision_services, discussion_services, filing_services, objection_services, queries
from portal.requests.discussion_models import CommentAudience, Stance
from portal.requests.filing_checks import Details, KeyOffer
from portal.rules import services as rules
from portal.web.unit_of_work import unit_of_work
from tests.assessments import factories as sheets
from tests.mentoring import factories as mentoring
from tests.privacy.scene import DECIDERS, EVERYBODY, MEMBERS, Scene, Told, people
from tests.requests import factories as requests

NOT_SHOWN = "an earlier version, which no page shows"
TEAM, SHARED = CommentAudience.TEAM, CommentAudience.SHARED


def build() -> Scene:
    """Everybody, everything asked, everything said about it."""
    scene = Scene()
    people(scene)
    assessments_of(scene)
    blind(scene)
    vacant(scene)
    revealed(scene)
    discussed(scene)
    joining(scene)
    of_the_director(scene)
    referred(scene)
    decided_by_the_board(scene)
    declined(scene)
    approved(scene)
    withdrawn(scene)
    beside_requests(scene)
    mentored(scene)
    with unit_of_work() as now:
        checkpoints.tick(now)
        for id in scene.ids.values():
            calendar.make(id, now=now)
    spreading.spread()
    return scene


def filed(
    scene: Scene, name: str, candidate: str, *items: str, requester: str = "", kind: str = "", board: bool = False
) -> Told:
    """A request with an answer that was changed afterwards; ``board``: whether it goes to the Board and stays there."""
    requester = requester or candidate
    kind = kind or "access_expansion"
    told = Told(0, candidate, requester, board)
    person, filer = scene.person(candidate), scene.person(requester)
    details = requests.details(kind, person, *items)
    old = scene.word("answer-first", "answer.text_id", told.shared, hidden=NOT_SHOWN)
    first = Details(details.candidate_id, details.items, {**details.answers, "why": old})
    request_id = requests.draft(filer, kind)
    scene.do(filing_services.submit, requester, request_id, first)
    if requester != candidate:
        scene.do(filing_services.agree, candidate, request_id)
    new = scene.word("answer", "answer.text_id", told.shared)
    changed = Details(details.candidate_id, details.items, {**details.answers, "why": f"Because {new}."})
    base = queries.edit_base(request_id, 1)
    scene.do(filing_services.revise, candidate, request_id, changed, base=base)
    scene.requests[name] = Told(request_id, candidate, requester, board)
    return scene.requests[name]


def said(scene: Scene, told: Told, *, sponsor: bool = True) -> None:
    """Comments, a question with its answer, positions, concerns, a sponsor, a recusal, evidence and a note."""
    say = discussion_services.comment
    speaker = next(actor for actor in ("author", "member") if actor != told.candidate)
    word = scene.word
    scene.do(say, speaker, told.id, word("team-comment", "comment.text_id", told.team), audience=TEAM)
    scene.do(
        say,
        told.candidate,
        told.id,
        word("shared-comment", "comment.text_id", told.shared),
        audience=SHARED,
    )
    edited(scene, told, speaker)
    asked = word("question", "comment.text_id", told.shared)
    question = scene.do(discussion_services.ask, speaker, told.id, asked)
    replied = word("reply", "comment.text_id", told.shared)
    scene.do(discussion_services.answer, told.candidate, told.id, question.id, replied)
    for stance, hidden in ((Stance.OPPOSE, NOT_SHOWN), (Stance.SUPPORT, "")):
        sentence = word(f"position-{stance}", "position.text_id", told.team, hidden=hidden)
        scene.do(
            discussion_services.take_position, "member", told.id, stance,
            sentence=sentence, relation=None, revision_number=1,
        )  # fmt: skip
    settled = concern(scene, told, speaker)
    closing = word("settled", "concern.closing_id", told.team)
    scene.do(objection_services.resolve_concern, speaker, told.id, settled, closing)
    if sponsor:
        vouches = word("sponsor", "sponsorship.text_id", told.shared)
        scene.do(discussion_services.sponsor, "sponsor", told.id, vouches)
    why = word("recusal", "recusal.reason_id", (DECIDERS | {"recused"}) - {told.candidate})
    scene.do(discussion_services.recuse, "recused", told.id, why)
    title, page = word("link-title", "evidence.title_id", told.shared), word("link", "evidence.url", told.shared)
    scene.do(objection_services.link_page, speaker, told.id, f"https://example.org/{page}", title)
    noting = next(actor for actor in ("director", "deputy") if actor != told.candidate)
    scene.do(objection_services.write_note, noting, told.id, word("note", "decision_note.text_id", told.notes))


def edited(scene: Scene, told: Told, speaker: str) -> None:
    """A team-only comment whose first version held a word that was taken out; its author has it in their file."""
    slip = scene.word("slip-of-the-pen", "text.first_id", frozenset({speaker}), hidden=NOT_SHOWN)
    comment = scene.do(discussion_services.comment, speaker, told.id, slip, audience=TEAM)
    better = scene.word("edited-comment", "comment.text_id", told.team)
    scene.do(
        discussion_services.edit_comment, speaker, told.id, comment.id, better, base_text_id=comment.text_id
    )  # fmt: skip


def concern(scene: Scene, told: Told, speaker: str) -> int:
    """An open concern; its id."""
    name = scene.word("concern-name", "concern.name_id", told.team)
    body = scene.word("concern", "concern.text_id", told.team)
    return scene.do(objection_services.raise_concern, speaker, told.id, name, body).id


def key_offered(scene: Scene, told: Told, readers: frozenset[str]) -> None:
    """The candidate's key, with the accounts it belongs to."""
    offer = requests.key_offer()
    scene.known(offer.key.text, "ssh_key.key_id", readers)
    given = KeyOffer(
        offer.key,
        scene.word("shell", "ssh_key.shell_name", readers),
        scene.word("github", "ssh_key.github_name", readers),
        "https://example.org/" + scene.word("wiki-proof", "ssh_key.wiki_proof", readers),
        "https://example.org/" + scene.word("hub-proof", "ssh_key.github_proof", readers),
    )
    scene.known(offer.key.fingerprint, "ssh_key.fingerprint", readers)
    scene.do(filing_services.offer_key, told.candidate, told.id, given)


def assessments_of(scene: Scene) -> None:
    """A finished review by a named marker, and a draft of somebody else."""
    sheets.seed()
    candidate, marker, newcomer = (scene.person(actor) for actor in ("candidate", "marker", "newcomer"))
    review = sheets.review(candidate, marker)
    readers = DECIDERS | {"candidate", "marker"}
    first, *others = sheets.keys(review)
    remark = scene.word("remark", "assessment_score.remark_id", readers)
    link = "https://example.org/" + scene.word("remark-link", "assessment_score.link", readers)
    entries = {key: Entry(Score.BASIC) for key in others} | {first: Entry(Score.BASIC, remark, link)}
    scene.act(assessments.lock, "marker", review, Typed(entries, dict.fromkeys(entries, EMPTY.token)))
    draft = sheets.self_assessment(newcomer)
    unfinished = scene.word("unfinished-remark", "assessment_score.remark_id", frozenset({"newcomer"}))
    sheets.fill(newcomer, draft, {first: Entry(None, unfinished)})
    scene.assessment_id, scene.draft_assessment_id = review, draft
    title, description = (
        scene.word(f"draft-{name}", f"standard_item.{name}", DECIDERS) for name in ("title", "description")
    )
    added = f"|-\n| {title}\n| {description}\n| Infra\n| Generalist\n|}}"
    with unit_of_work() as now:
        drafting.import_draft(None, sheets.next_standard().replace("|}", added), now=now)


def blind(scene: Scene) -> None:
    """A double marking of which one side is in, the other marker is the Deputy; somebody declined before."""
    candidate, marker, author = (scene.person(actor) for actor in ("candidate", "marker", "author"))
    own = sheets.self_assessment(candidate)
    marked_with_remark(scene, "candidate", own, "own-remark", frozenset({"candidate", "director"}))
    found = sheets.marking(candidate, marker, author)
    declined = sheets.seated(found, Seat.SECOND)
    why = scene.word("declined", "assessment.declined_id", DECIDERS | {"candidate", "author"})  # who wrote it, too
    scene.act(rounds.decline, "author", declined, why)
    scene.act(rounds.name, "candidate", found, Seat.SECOND, marker_id=scene.ids["deputy"])
    marked_with_remark(scene, "marker", sheets.seated(found, Seat.MENTOR), "blind-remark", frozenset({"marker"}))
    draft = sheets.seated(found, Seat.SECOND)
    unfinished = scene.word("unfinished-marking", "assessment_score.remark_id", frozenset({"deputy"}))
    sheets.fill(scene.person("deputy"), draft, {sheets.keys(draft)[0]: Entry(Score.TEACHES, unfinished)})
    scene.markings["blind"] = found
    evidence(scene)


def evidence(scene: Scene) -> None:
    """What the candidate shows, newer than what the finished marker read, and what the Deputy says of it."""
    shown = DECIDERS | {"candidate"}
    old, told = scene.word("shows", "portfolio_piece.sentence_id", shown), "/requests/1?"
    link = told + scene.word("shows-link", "portfolio_piece.link", shown)
    piece = sheets.piece(scene.person("candidate"), sentence=old, link=link)
    the_two = frozenset({"deputy", "candidate"})  # while the round is blind
    asked = scene.word("asks-about-it", "portfolio_answer.sentence_id", the_two)
    sheets.answered(scene.person("deputy"), piece, Verdict.QUESTIONED, asked)


def vacant(scene: Scene) -> None:
    """A double marking in which a seat is free."""
    found = sheets.marking(scene.person("outsider"), scene.person("member"), scene.person("author"))
    scene.act(rounds.decline, "author", sheets.seated(found, Seat.SECOND), "")
    scene.markings["vacant"] = found


def revealed(scene: Scene) -> None:
    """A double marking of which both sides are in, and a final check that both still write."""
    found = sheets.marking(scene.person("holder"), scene.person("author"), scene.person("member"))
    readers = DECIDERS | {"holder", "author", "member"}
    for seat, actor in ((Seat.MENTOR, "author"), (Seat.SECOND, "member")):
        marked_with_remark(scene, actor, sheets.seated(found, seat), f"{seat}-remark", readers)
    final = sheets.final(scene.person("author"), found)
    agreed = scene.word("agreed-sentence", "assessment_score.remark_id", frozenset({"author", "member"}))
    sheets.change(scene.person("member"), final, {sheets.keys(final)[0]: Entry(Score.BASIC, agreed)})
    scene.markings["revealed"] = found


def marked_with_remark(scene: Scene, actor: str, sheet: int, name: str, readers: frozenset[str]) -> None:
    """A finished document with a word beside its first item."""
    first, *others = sheets.keys(sheet)
    remark = scene.word(name, "assessment_score.remark_id", readers)
    entries = {key: Entry(Score.BASIC) for key in others} | {first: Entry(Score.BASIC, remark)}
    scene.act(assessments.lock, actor, sheet, Typed(entries, dict.fromkeys(entries, EMPTY.token)))


def discussed(scene: Scene) -> None:
    """Open, about one member, filed by another, with a key and a pinned assessment."""
    told = filed(scene, "discussed", "candidate", "access_group:bastion", requester="requester")
    said(scene, told)
    concern(scene, told, "author")
    key_offered(scene, told, frozenset({"candidate", "director"}))
    for assessment_id in (scene.assessment_id, sheets.seated(scene.markings["blind"], Seat.OWN)):
        scene.do(objection_services.link_assessment, "candidate", told.id, assessment_id)


def joining(scene: Scene) -> None:
    """About a volunteer, filed by somebody who has left the team since."""
    told = filed(scene, "joining", "newcomer", "role:software_engineer", requester="former", kind="new_member")
    said(scene, told)
    reason = scene.word("end-of-role", "role_assignment.end_reason_id", DECIDERS | {"former"})
    scene.act(people_services.end_role_by_hand, "director", scene.ids["former"], "software_engineer", reason=reason)


def of_the_director(scene: Scene) -> None:
    """The Director's own: they read no more of it than any candidate."""
    said(scene, filed(scene, "of the director", "director", "system:matomo"))


def referred(scene: Scene) -> None:
    """With the Board: now the Board reads what the team said."""
    told = filed(scene, "referred", "candidate", "system:grafana", board=True)
    said(scene, told, sponsor=False)
    reason = scene.word("referral", "referral.reason_id", told.shared)
    scene.do(decision_services.refer, "director", told.id, reason)


def decided_by_the_board(scene: Scene) -> None:
    """The Board answered "not yet"; afterwards it reads no more than before."""
    told = filed(scene, "decided by the board", "holder", "system:github")
    scene.do(
        discussion_services.comment,
        "author",
        told.id,
        scene.word("before-the-board", "comment.text_id", told.team),
        audience=TEAM,
    )
    scene.do(decision_services.refer, "director", told.id, scene.word("referral", "referral.reason_id", told.shared))
    minutes = scene.word("minutes", "decision.minutes_url", told.shared)
    ruling = requests.ruling(
        told.id, approve=False, reason=scene.word("outcome", "decision.reason_id", told.shared),
        minutes_url=f"https://example.org/{minutes}", met_on=date(2026, 1, 5),
    )  # fmt: skip
    scene.do(decision_services.record_outcome, "board", told.id, ruling)


def declined(scene: Scene) -> None:
    """Not yet: the reason is for the candidate and the team."""
    told = filed(scene, "declined", "sponsor", "system:phorge")
    said(scene, told, sponsor=False)
    ruling = requests.ruling(
        told.id, approve=False, reason=scene.word("not-yet", "decision.reason_id", told.shared),
        would_help=scene.word("would-help", "decision.would_help_id", told.shared),
    )  # fmt: skip
    scene.do(decision_services.decide, "director", told.id, ruling)


def approved(scene: Scene) -> None:
    """By the acting Deputy, over an open concern; the shell access waits to be set up."""
    told = filed(scene, "approved", "holder", "access_group:bastion")
    said(scene, told)
    objection = concern(scene, told, "author")
    key_offered(scene, told, MEMBERS)
    note = scene.word("acting-note", "acting_period.note_id", MEMBERS | {"board"}, hidden="no longer acting")
    scene.act(people_services.start_acting_by_board, "board", note)
    ruling = requests.ruling(
        told.id, reason=scene.word("approval", "decision.reason_id", EVERYBODY),
        anyway=scene.word("anyway", "decision.anyway_id", EVERYBODY),
        overrides={objection: scene.word("overridden", "concern.closing_id", told.team)},
    )  # fmt: skip
    scene.do(decision_services.decide, "deputy", told.id, ruling)
    scene.known(scene.person("holder").name, "decision.statement_id", EVERYBODY)
    scene.act(people_services.end_acting_by_hand, "board")


def withdrawn(scene: Scene) -> None:
    """Taken back: what was said stays for whom it was said."""
    told = filed(scene, "withdrawn", "marker", "system:matomo")
    scene.do(
        discussion_services.comment,
        "author",
        told.id,
        scene.word("to-the-withdrawn", "comment.text_id", told.team),
        audience=TEAM,
    )
    scene.do(filing_services.withdraw, "marker", told.id)


def beside_requests(scene: Scene) -> None:
    """A draft, a kept form, an absence, access that was ended, a changed rule."""
    mine = frozenset({"outsider"})
    draft = requests.draft(scene.person("outsider"), "new_member")
    typed = {"details": {"why": [scene.word("draft", "team_request.draft", mine)]}}
    scene.do(filing_services.save_draft, "outsider", draft, typed, base_version=0)
    scene.requests["draft"] = Told(draft, "outsider", "outsider")
    kept = scene.word("kept", "held_form.fields", mine, hidden="comes back by the address of the form alone")
    with unit_of_work() as now:
        held.hold(scene.ids["outsider"], "requests.comment", {"body": [kept]}, now=now)
    mail_addresses(scene)
    away = scene.word("absence", "absence.reason_id", DECIDERS | {"recused"})
    with unit_of_work() as now:
        person = scene.person("recused")
        people_services.declare_absence(person, now, to_at=now + timedelta(days=9), reason=away, now=now)
    with unit_of_work() as now:
        since = now - timedelta(days=300)
        grant = access.hold_from_before(scene.ids["holder"], ItemType.SYSTEM, "grafana", since=since, now=now)
        grant_id = grant.id
    ended = scene.word("revoked", "grant_step.reason_id", DECIDERS | {"holder"})
    scene.act(access.revoke, "director", grant_id, reason=ended)
    with unit_of_work() as now:
        one, other = scene.ids["treasurer"], scene.ids["operator"]
        db.session.add(MergeProposal(person_id=one, other_id=other, proposed_at=now))
    rule = scene.word("rule", "rule_change.reason_id", EVERYBODY)
    scene.act(rules.change_rule, "director", "discussion_days", "access_expansion", value=5, reason=rule, based_on=None)


def mentored(scene: Scene) -> None:
    """Asked and declined, asked and taken back, going on, handed over and ended: what was said each time."""
    ann, ben = scene.person("newcomer"), scene.person("member")
    with_member, with_author = DECIDERS | {"newcomer", "member"}, DECIDERS | {"newcomer", "author"}
    word = scene.word
    declined = mentoring.asked(ann, scene.person("author"), note=word("asked", "mentorship.note_id", with_author))
    mentoring.declined(declined, scene.person("author"), word("declined", "mentorship.answer_id", with_author))
    going_on = mentoring.asked(ann, ben, note=word("asked-member", "mentorship.note_id", with_member))
    mentoring.accepted(going_on, ben)
    mentoring.goal(going_on, ann, "web-security")
    handed = word("handed", "mentorship.note_id", with_author | {"member"})  # who wrote it reads it
    mentoring.handed(going_on, ben, scene.person("author"), handed)
    mentoring.goal(
        mentoring.active(scene.person("operator"), scene.person("marker")), scene.person("operator"), "web-security"
    )
    ended = mentoring.active(ann, ben, kind=mentoring.PEER)
    mentoring.ended(ended, ben, word("mentoring-ended", "mentorship.reason_id", with_member))


def mail_addresses(scene: Scene) -> None:
    """Everybody who can be told something has a mail address, and the candidate typed another one."""
    for actor, person_id in scene.ids.items():
        address = scene.word(f"mail-{actor}", "mail_address.address", frozenset({actor})) + "@example.org"
        with unit_of_work() as now:
            row = addresses.ask(person_id, address, now=now)
            token = mail_tokens.confirm_token(person_id, row.nonce)
        with unit_of_work() as now:
            addresses.confirm(token, now=now)
    typed = scene.word("other-mail-candidate", "mail_address.wanted", frozenset({"candidate"})) + "@example.org"
    with unit_of_work() as now:
        addresses.ask(scene.ids["candidate"], typed, now=now)
