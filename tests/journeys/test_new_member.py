"""Joining the team: with a key and proof, a sponsor, a talk, and a decision before the days are over."""

from __future__ import annotations

import re

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Page, expect

from portal.requests import ssh_keys
from tests.journeys import steps
from tests.journeys.conftest import OpenWindow
from tests.journeys.staged import StagedPortal

pytestmark = pytest.mark.browser
NEWCOMER = "Demo Renamable"  # an account of the development wiki that the portal has not met


def fresh_key() -> str:
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def test_a_newcomer_joins_with_a_key_and_a_sponsor(portal: StagedPortal, open_window: OpenWindow) -> None:
    newcomer, member, director = (open_window() for _ in range(3))
    key = fresh_key()
    ask_to_join(portal, newcomer)
    give_key(newcomer, key)
    newcomer.get_by_role("button", name="Submit request").click()
    expect(newcomer.locator("main")).to_contain_text("for at least 7 days")
    newcomer.get_by_role("link", name="Go to the request").click()
    url = newcomer.url
    expect(newcomer.locator("#people")).to_contain_text("You need not find one yourself")

    portal.sign_in(member, "Demo Infrastructure Specialist")
    steps.open_request(member, url)
    expect(member.locator("main")).not_to_contain_text(key.split()[1])
    with steps.in_place(member, typed={"Comment": "Welcome!"}):
        steps.unfold(member, "Sponsor this person")
        member.get_by_role("button", name="Sponsor", exact=True).click()
        expect(member.locator("#people")).to_contain_text("Demo Infrastructure Specialist")
    newcomer.reload()
    expect(newcomer.locator("#people")).to_contain_text("Demo Infrastructure Specialist")

    portal.sign_in(director, "Demo Director")
    decide_anyway(director, url)
    newcomer.goto(portal.url)
    mine = newcomer.get_by_role("region", name="My roles and access")
    expect(mine).to_contain_text("Infrastructure Specialist")
    expect(mine).to_contain_text("bastion (approved, not granted yet)")


def ask_to_join(portal: StagedPortal, page: Page) -> None:
    """From the front door to the filled form. A volunteer cannot ask for what only members ask for."""
    page.goto(f"{portal.url}/welcome")
    page.get_by_role("main").get_by_role("link", name="Sign in with Miraheze").click()
    page.get_by_role("button", name=f"Continue as {NEWCOMER}").click()
    expect(page.get_by_role("heading", name="New request", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="Begin")).to_have_count(1)
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("checkbox", name="Infrastructure Specialist").check()
    steps.unfold(page, "Shell groups")
    page.get_by_role("checkbox", name="bastion").check()
    for box in page.locator("main textarea").all():
        box.fill("I would like to help with the servers.")
    page.get_by_role("button", name="Continue").click()


def give_key(page: Page, key: str) -> None:
    """A short key is explained; a good one shows its fingerprint at once."""
    expect(page.get_by_role("heading", name="Key and proof of identity", level=1)).to_be_visible()
    steps.field(page, "Public SSH key").fill("ssh-dss AAAAB3NzaC1kc3M=")
    steps.field(page, "Public SSH key").blur()
    expect(page.locator("#fingerprint")).to_contain_text("This kind of key is not accepted")
    steps.field(page, "Public SSH key").fill(key)
    steps.field(page, "Public SSH key").blur()
    expect(page.locator("#fingerprint")).to_contain_text(ssh_keys.parse(key).fingerprint)
    steps.field(page, "Preferred shell user name").fill("renamable")
    steps.field(page, "GitHub user name").fill("renamable")
    proof = "https://meta.miraheze.org/wiki/User:Demo_Renamable"
    page.get_by_label("Where the key stands on your wiki user page").fill(proof)
    page.get_by_label("Where the key stands in a GitHub").fill("https://github.com/renamable/keys/blob/main/key.pub")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Check your answers", level=1)).to_be_visible()
    expect(page.locator("main")).to_contain_text(ssh_keys.parse(key).fingerprint)


def decide_anyway(page: Page, url: str) -> None:
    """On the first day: what is missing is named, and a reason goes on record."""
    steps.open_request(page, url)
    decision = page.locator("#decision")
    expect(decision).to_contain_text("Not met yet:")
    expect(decision.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    steps.field(page, "Public reason").fill("Known to the team for years.")
    decision.get_by_role("button", name="Decide anyway").click()
    expect(decision.get_by_role("heading", name="There is a problem")).to_be_visible()
    expect(steps.field(page, "Public reason")).to_have_value("Known to the team for years.")
    steps.field(page, "Why do you decide anyway?").fill("The night shift begins tomorrow.")
    decision.get_by_role("button", name="Decide anyway").click()
    expect(decision).to_contain_text("Decided anyway, because")
    expect(page.locator("#header")).to_contain_text("Approved")


def test_a_request_for_somebody_else_waits_for_their_agreement(portal: StagedPortal, open_window: OpenWindow) -> None:
    requester, candidate = (open_window() for _ in range(2))
    portal.sign_in(requester, "Demo Project Manager")
    steps.begin(requester, "Access expansion")
    requester.get_by_label("Somebody else, who then agrees").check()
    requester.get_by_label("Their user name on the wiki").fill("Demo Security Specialist")
    requester.get_by_role("checkbox", name="Icinga Web").check()
    for box in requester.locator("main textarea").all():
        box.fill("They watch over the alerts already.")
    requester.get_by_role("button", name="Continue").click()
    requester.get_by_role("button", name="Submit request").click()
    expect(requester.locator("main")).to_contain_text("Demo Security Specialist reads it and presses I agree.")

    portal.sign_in(candidate, "Demo Security Specialist")
    attention = candidate.get_by_role("region", name="Needs your attention")
    attention.get_by_role("link", name=re.compile("Access expansion: Demo Security Specialist")).click()
    expect(candidate.locator("#header")).to_contain_text("Waiting for agreement")
    candidate.get_by_role("button", name="I agree").click()

    expect(candidate.locator("#header")).to_contain_text("In discussion")
    expect(candidate.get_by_text("You agreed.")).to_be_visible()
