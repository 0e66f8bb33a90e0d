"""What profiles advise, and how a document stands against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from portal.assessments.models import Score, Seat
from portal.assessments.profiles import Reached, advice, against, reached
from portal.assessments.summary import POINTS, Against
from portal.org import organisation
from portal.people.models import Person
from portal.requests import objection_services
from tests import factories
from tests.assessments import factories as made
from tests.requests import factories as making

AsPerson = Callable[[Person], FlaskClient]

scores = st.none() | st.sampled_from(list(Score))
documents = st.dictionaries(st.sampled_from("abcdef"), scores)
profiles = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 3))


@given(advised=profiles, document=documents)
def test_every_advised_item_is_met_not_met_or_lacking(
    advised: dict[str, int], document: dict[str, Score | None]
) -> None:
    found = against(advised, document)

    assert found.met <= found.of
    assert found.of + found.lacking == len(advised)
    assert found.met == sum(
        1 for key, least in advised.items() if (score := document.get(key)) in POINTS and POINTS[score] >= least
    )


@given(advised=profiles, document=documents, key=st.sampled_from("abcdef"))
def test_a_better_score_never_counts_less(advised: dict[str, int], document: dict[str, Score | None], key: str) -> None:
    before = against(advised, {**document, key: Score.BASIC})

    assert against(advised, {**document, key: Score.TEACHES}).met >= before.met


def test_not_relevant_today_is_not_reached_and_not_below() -> None:
    assert reached(Score.NOT_APPLICABLE, 1) is Reached.NOT_APPLICABLE
    assert reached(None, 1) is Reached.UNSCORED
    assert reached(Score.BASIC, 2) is Reached.BELOW
    assert reached(Score.INDEPENDENT, 2) is Reached.MET


def test_several_things_asked_for_advise_the_highest_score_of_each_item(client: FlaskClient) -> None:
    one = advice(organisation(), [("access_group", "mediawiki-test-admins")])
    both = advice(organisation(), [("access_group", "mediawiki-test-admins"), ("access_group", "mediawiki-admins")])

    assert Counter(one.advised.values()) == {1: 13}
    assert Counter(both.advised.values()) == {2: 13}
    assert [profile.key for profile in both.profiles] == ["mediawiki-testing", "mediawiki-work"]


def test_what_has_no_profile_is_named_and_advises_nothing(client: FlaskClient) -> None:
    found = advice(organisation(), [("role", "software_engineer"), ("access_group", "bastion")])

    assert not found
    assert found.without == (("role", "software_engineer"), ("access_group", "bastion"))
    assert against(found.advised, {"web-security": Score.NONE}) == Against(0, 0)


def test_roles_without_items_of_their_own_have_no_profile(client: FlaskClient) -> None:
    made.seed()
    page = client.get("/profiles").text
    without = page[page.index("Without a profile") :]

    for name in ("Community Liaison", "Software Engineer", "Project Manager", "Security Specialist"):
        assert name in without
    assert "MediaWiki Specialist" not in without
    assert "nobody who holds one lacks anything" in without


def test_roles_and_access_lead_to_what_is_advised_for_them(client: FlaskClient) -> None:
    made.seed()

    assert "/profiles#mediawiki-work" in client.get("/roles").text
    assert "/profiles#root-everywhere" in client.get("/access").text
    assert "Access Management &amp; Privilege Boundaries" in client.get("/profiles").text


def test_without_a_standard_nothing_is_advised_yet(client: FlaskClient) -> None:
    assert "Nothing is advised yet." in client.get("/profiles").text


def page_of(client: FlaskClient, request_id: int) -> str:
    return client.get(f"/requests/{request_id}").text


@pytest.mark.both_databases
def test_a_request_says_how_many_advised_items_are_met_and_only_the_parties_go_on_to_them(as_person: AsPerson) -> None:
    made.seed()
    ann, mentor, second = factories.member("Ann"), factories.member("Mia"), factories.member("Sam")
    keys = made.keys(made.self_assessment(ann))
    below = [Score.BASIC if key == "web-security" else Score.INDEPENDENT for key in keys]
    marking = made.revealed(ann, mentor, second, below)
    request_id = making.team_request(ann, "access_group:mediawiki-admins")
    making.do(objection_services.link_assessment, ann, request_id, made.newest(marking, Seat.MENTOR))

    for reader in (ann, mentor, factories.director()):
        page = page_of(as_person(reader), request_id)
        assert "12 of 13 met" in page
        assert f"/markings/{marking}?profile=mediawiki-work" in page
    side = as_person(ann).get(f"/markings/{marking}?profile=mediawiki-work").text.split('id="item-web-security"')[1]
    assert "below" in side.split("</tr>")[0]
    other = page_of(as_person(factories.member("Kim")), request_id)
    assert "12 of 13 met" in other
    assert "Item by item" not in other
    assert "Web Security" not in other


def test_a_single_document_is_held_against_the_profile_of_the_request_item_by_item(as_person: AsPerson) -> None:
    made.seed()
    ann = factories.member("Ann")
    keys = made.keys(made.self_assessment(ann))
    own = made.locked_self(ann, [Score.BASIC if key == "web-security" else Score.INDEPENDENT for key in keys])
    request_id = making.team_request(ann, "access_group:mediawiki-admins")
    making.do(objection_services.link_assessment, ann, request_id, own)

    assert f"/assessments/{own}?profile=mediawiki-work" in page_of(as_person(ann), request_id)
    page = as_person(ann).get(f"/assessments/{own}?profile=mediawiki-work").text
    assert "below" in page.split('id="item-web-security"')[1].split("</li>")[0]
    assert page.count("Advised:") == 13
    assert "Advised:" not in as_person(ann).get(f"/assessments/{own}?profile=nonsense").text


def test_a_request_without_a_profile_says_that_nothing_is_lacking(as_person: AsPerson) -> None:
    made.seed()
    ann = factories.member("Ann", "mediawiki_specialist")
    own = made.locked_self(ann)
    request_id = making.team_request(ann, "role:security_specialist", kind="role_change")
    making.do(objection_services.link_assessment, ann, request_id, own)

    page = page_of(as_person(ann), request_id)

    assert "Nothing is lacking." in page
    assert "Against what is advised" not in page
