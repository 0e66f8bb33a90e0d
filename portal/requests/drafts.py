"""A draft as a filled form, and a filled form as what a service takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from portal.access.models import ItemType
from portal.errors import Invalid, Message
from portal.org import organisation
from portal.people import queries as people_queries
from portal.people.facts import PersonFacts
from portal.requests import filing_checks, queries, readiness, ssh_keys, words
from portal.requests.fact_queries import facts_of, item_facts
from portal.requests.facts import ItemFacts
from portal.requests.filing_checks import AskedItem, Details, KeyOffer
from portal.requests.kinds import registry
from portal.requests.kinds.base import KindSpec
from portal.requests.models import ItemAction, RequestedItem, TeamRequest
from portal.web.text import clean_text

SENT_ALONG = {"csrf_token", "draft_version", "base", "go_on", "later", "save"}  # not part of what was typed
VALUES = 100  # of one field: more than any form has

Typed = dict[str, list[str]]


@dataclass(slots=True)
class Draft:
    """What stands in a draft, or in an open request that is edited; ``held`` is what the candidate holds now,
    ``lasting`` the part of it that has no end and so cannot be asked for again."""

    row: TeamRequest
    spec: KindSpec
    requester_id: int
    candidate_id: int
    held: set[tuple[str, str]]
    lasting: set[tuple[str, str]]
    data: dict[str, Typed] = field(default_factory=dict)
    editing: bool = False

    def fields(self, part: str) -> MultiDict[str, str]:
        """One part of the draft as form data; empty when nothing was typed yet."""
        return MultiDict([(name, value) for name, values in self.data.get(part, {}).items() for value in values])

    def first(self, part: str, name: str) -> str:
        """One value of the draft, or an empty text."""
        return next(iter(self.data.get(part, {}).get(name, [])), "")


def read(row: TeamRequest, requester: PersonFacts, now: datetime) -> Draft:
    """The draft as it was saved. Only members file for somebody else."""
    data: dict[str, Typed] = dict(row.draft)
    draft = Draft(row, registry.kind(row.kind), requester.id, requester.id, set(), set(), data)
    if requester.is_member and draft.first("details", "for_whom") == "other":
        other = people_queries.find_by_name(draft.first("details", "candidate_name"))
        draft.candidate_id = other.id if other else requester.id
    return _with_holdings(draft, now)


def _with_holdings(draft: Draft, now: datetime) -> Draft:
    candidate = people_queries.facts(draft.candidate_id, now)
    draft.held, draft.lasting = filing_checks.held_items(candidate, now)
    return draft


def from_request(row: TeamRequest, now: datetime) -> Draft:
    """An open request as a filled form; it stays about the same person."""
    revision = queries.current_revision(row)
    details: Typed = {
        name: [answer.text.body or ""] for name, answer in queries.answers(row.id).items() if answer.text.body
    }
    details["for_whom"] = ["me"]  # as the form sends it: the person stays the same
    details["items"] = [f"{i.item_type}:{i.item_key}" for i in revision.items if i.action is ItemAction.ADD]
    details["removals"] = [f"{i.item_type}:{i.item_key}" for i in revision.items if i.action is ItemAction.REMOVE]
    details["until"] = [until.isoformat() for until in {i.until for i in revision.items} if until][:1]
    details["phorge_task"] = [f"T{row.phorge_task}"] if row.phorge_task else []
    spec = registry.kind(row.kind)
    draft = Draft(row, spec, row.requester_id, row.candidate_id, set(), set(), {"details": details}, editing=True)
    return _with_holdings(draft, now)


def typed(sent: MultiDict[str, str], form: Any) -> Typed:
    """What was typed into the fields of the form, without what the form itself sends along or does not offer."""
    names = [name for name in sent if name in form and name not in SENT_ALONG]
    return {name: _offered(form[name], sent.getlist(name)[:VALUES]) for name in names}


def _offered(field: Any, values: list[str]) -> list[str]:
    choices = getattr(field, "choices", None)
    if choices is None:
        return [clean_text(value) or "" for value in values]
    known = {choice.value for choice in choices}
    return [value for value in values if value in known]


def compare(saved: Typed, typed_now: Typed, form: Any) -> list[tuple[str, str, str]]:
    """(label, what stands there, what was typed) for every field that differs, as people read it."""
    found = []
    for name in {**saved, **typed_now}:
        theirs, yours = _in_words(form, name, saved), _in_words(form, name, typed_now)
        if theirs != yours:
            found.append((form[name].label.text if name in form else name, theirs, yours))
    return found


def _in_words(form: Any, name: str, values: Typed) -> str:
    """What a field holds: of what was chosen the labels, in the order of the form."""
    held = values.get(name, [])
    choices = getattr(form[name], "choices", None) if name in form else None
    if choices:
        return "\n".join(str(choice.label) for choice in choices if choice.value in held)
    return "\n".join(value for value in held if value)


def to_details(draft: Draft, form: Any, key: KeyOffer | None) -> Details:
    """The filled form as the service takes it. Raises Invalid naming the field."""
    candidate_id = draft.candidate_id if draft.editing else draft.requester_id
    if form.for_whom.data == "other" and not draft.editing:
        other = people_queries.find_by_name(form.candidate_name.data)
        if other is None:
            raise Invalid(
                Message(
                    "Nobody named %(name)s has signed in here. Ask them to sign in once, or check the spelling.",
                    name=form.candidate_name.data,
                ),
                "candidate_name",
            )
        candidate_id = other.id
    items = asked_items(form)
    if not items:
        raise Invalid("Choose at least one thing to ask for.", "items")
    answers = {question.field: form[question.field].data or "" for question in draft.spec.questions}
    return Details(candidate_id, items, answers, form.task(), key)


def asked_items(form: Any) -> tuple[AskedItem, ...]:
    """What was chosen, as far as the form offers it."""
    found = []
    for action, chosen in ((ItemAction.ADD, form.items), (ItemAction.REMOVE, form.removals)):
        offered = {choice.value for choice in chosen.choices}
        for value in dict.fromkeys(value for value in chosen.data or [] if value in offered):
            type_, _, key = value.partition(":")
            until = form.until.data if action is ItemAction.ADD else None
            found.append(AskedItem(action, ItemType(type_), key, until))
    return tuple(found)


def to_key(form: Any) -> KeyOffer:
    """The filled key form. Raises Invalid naming the field."""
    offer = KeyOffer(
        ssh_keys.parse(form.key.data),
        form.shell_name.data,
        form.github_name.data.removeprefix("@"),
        form.wiki_proof.data,
        form.github_proof.data,
    )
    filing_checks.refuse_bad_proofs(offer)
    return offer


def key_offer(draft: Draft, form: Any, key_form: Any) -> KeyOffer | None:
    """The key of the draft, where one is needed and was given. Raises Invalid when the step is half filled."""
    if not needs_key(draft, form) or not draft.first("key", "key"):
        return None
    if not key_form.validate():
        raise Invalid("The key step is not complete. Finish it, or empty it to add the key later.", "key")
    return to_key(key_form)


def needs_key(draft: Draft, form: Any) -> bool:
    """Shell access is chosen and the candidate has none yet."""
    has_shell = any(item_type == ItemType.ACCESS_GROUP for item_type, _ in draft.held)
    return not has_shell and any(_facts_of(item).shell for item in asked_items(form) if item.action is ItemAction.ADD)


def _facts_of(item: AskedItem) -> ItemFacts:
    row = RequestedItem(id=0, action=item.action, item_type=item.type, item_key=item.key, until=item.until)
    return item_facts(row)


def fingerprint(raw: str) -> tuple[ssh_keys.PublicKey | None, Message | None]:
    """The key that was pasted, or what is wrong with it."""
    if not raw.strip():
        return None, None
    try:
        return ssh_keys.parse(raw), None
    except Invalid as error:
        return None, error.message


def hints(draft: Draft, form: Any, now: datetime) -> list[Message]:
    """What the team would see missing in this draft: duplicates, prerequisites, conflicts of roles."""
    items = tuple(_facts_of(item) for item in asked_items(form))
    if not items:
        return []
    found = []
    asked = [(item.action, item.type, item.key) for item in items]
    duplicate = queries.open_duplicate(draft.candidate_id, asked, draft.row.id)
    if duplicate is not None:
        found.append(Message("Request #%(id)s already asks for this and is still open.", id=duplicate))
    facts = facts_of(draft.row, now, items=items, candidate_id=draft.candidate_id)
    for rule in ("prerequisites", "liaison_without_development"):
        met, says = readiness.PREDICATES[rule][0](facts)
        if not met:
            found.append(says)
    return found + _advice(draft, items)


def _advice(draft: Draft, items: tuple[ItemFacts, ...]) -> list[Message]:
    """What people usually hold first, and what a group usually takes the place of. Blocks nothing."""
    held = {key for type_, key in draft.held if type_ == ItemType.ACCESS_GROUP}
    given_up = {item.key for item in items if not item.adds}
    found = []
    for item in items:
        entry = organisation().access_groups.get(item.key) if item.adds else None
        if entry is None:
            continue
        if entry.usually_after and not held & set(entry.usually_after):
            usual = ", ".join(entry.usually_after)
            found.append(Message("%(name)s is usually given after %(usual)s.", name=entry.name, usual=usual))
        replaced = [key for key in entry.replaces if key in held - given_up]
        if replaced:
            keys = ", ".join(replaced)
            found.append(Message("%(name)s usually takes the place of %(keys)s.", name=entry.name, keys=keys))
    return found


def usual_days(form: Any, rules: dict[str, int | bool]) -> int:
    """For how many days such a request is discussed at least."""
    days = int(rules.get("discussion_days", 0))
    if any(_facts_of(item).high_trust for item in asked_items(form) if item.action is ItemAction.ADD):
        days = max(days, int(rules.get("high_trust_days", 0)))
    return days


def items_in_words(form: Any) -> list[tuple[ItemAction, words.ItemWords]]:
    """What was chosen, as people read it."""
    return [(item.action, words.item_words(item.type, item.key)) for item in asked_items(form)]
