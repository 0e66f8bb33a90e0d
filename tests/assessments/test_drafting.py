"""A version of the standard is imported as a draft, read, and published or discarded."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.assessments import drafting, queries
from portal.assessments.exchange.standard import write_standard
from portal.assessments.exchange.tables import LARGEST_TEXT, Unreadable
from portal.assessments.models import Standard, StandardItem, StandardState
from portal.audit.models import ActorKind, Event
from portal.errors import Conflict, NotPermitted, NotVisible, WrongState
from portal.extensions import db
from portal.people.models import Person
from portal.web.unit_of_work import unit_of_work
from tests import factories
from tests.assessments import factories as made
from tests.requests.pages import Browser, hidden

FILES = Path(__file__).parent / "files"
FLATTENED = (FILES / "flattened.txt").read_text()


@pytest.fixture(autouse=True)
def _seeded(app: Flask) -> None:
    made.seed()


def next_version() -> str:
    """The current version without its first item, with a new one, one reworded and one renamed."""
    current = queries.current_standard()
    assert current is not None
    text = write_standard(queries.items_of(current.id)[1:])
    text = text.replace("Reads and explains logs from syslog", "Reads logs from syslog").replace(
        "| Log Interpretation", "| Reading Logs"
    )
    return text.replace("|}", "|-\n| Juggling\n| Keeps three wikis in the air.\n| Community\n| Generalist\n|}")


def imported(actor: Person | None = None) -> int:
    with unit_of_work() as now:
        return drafting.import_draft(actor, next_version(), now=now).version


def publish(actor: Person, version: int) -> None:
    with unit_of_work() as now:
        seen = drafting.digest(queries.items_of(drafting.get_draft(version).id))
        drafting.publish(actor, version, seen=seen, now=now)


def states() -> dict[int, str]:
    db.session.rollback()
    return {row.version: row.state.value for row in db.session.scalars(select(Standard).order_by(Standard.version))}


def last_event() -> Event:
    return db.session.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()


@pytest.mark.both_databases
def test_an_imported_version_is_a_draft_whose_items_kept_their_keys() -> None:
    version = imported(factories.director())

    draft = drafting.get_draft(version)
    current = queries.current_standard()
    assert current is not None
    assert states() == {1: "superseded", 2: "published", 3: "draft"}
    old, new = ({item.key: item for item in queries.items_of(row.id)} for row in (current, draft))
    assert set(new) - set(old) == {"juggling"}
    assert set(old) - set(new) == {"open-source-ecosystem-awareness"}
    assert new["log-interpretation"].title == "Reading Logs"
    assert last_event().code == "standard.imported"
    assert last_event().data["version"] == 3


@pytest.mark.both_databases
def test_publishing_supersedes_the_version_before_and_leaves_its_assessments_as_they_are() -> None:
    ann = factories.member()
    locked = made.locked_self(ann)
    publish(factories.director(), imported())

    assert states() == {1: "superseded", 2: "superseded", 3: "published"}
    pinned = queries.find(locked).standard
    assert pinned.version == 2
    assert len(queries.items_of(pinned.id)) == 28
    assert queries.find(made.self_assessment(ann)).standard.version == 3
    assert last_event().code != "standard.published"
    assert db.session.scalar(select(func.count()).where(Event.code == "standard.published")) == 3


@pytest.mark.both_databases
def test_a_discarded_draft_leaves_nothing_and_its_number_is_free() -> None:
    deputy = factories.deputy()
    version = imported(deputy)
    before = db.session.scalar(select(func.count(StandardItem.id)))
    with unit_of_work() as now:
        drafting.discard(deputy, version, now=now)

    assert states() == {1: "superseded", 2: "published"}
    assert before == 26 + 28 + 28
    assert db.session.scalar(select(func.count(StandardItem.id))) == 26 + 28
    assert imported(deputy) == version


def test_seeding_leaves_a_draft_and_a_published_import_alone() -> None:
    version = imported()
    made.seed()
    assert states() == {1: "superseded", 2: "published", 3: "draft"}

    publish(factories.director(), version)
    made.seed()
    assert states() == {1: "superseded", 2: "superseded", 3: "published"}


def test_a_seeded_version_with_the_number_of_a_draft_is_refused() -> None:
    with unit_of_work():
        db.session.add(Standard(version=9, title="x", state=StandardState.DRAFT, source=""))
    second = queries.published_standard(2)
    with unit_of_work():
        second.version, drafting.get_draft(9).version = 20, 2

    with pytest.raises(WrongState, match="Version 2 is a draft that was imported"):
        made.seed()


def test_there_is_one_draft_at_a_time() -> None:
    imported()

    with pytest.raises(WrongState, match="Version 3 is a draft already"):
        imported()


def test_what_would_change_nothing_is_not_imported() -> None:
    with unit_of_work() as now, pytest.raises(WrongState, match="It reads as version 2 does"):
        drafting.import_draft(None, FLATTENED, now=now)
    assert states() == {1: "superseded", 2: "published"}


def test_nothing_is_half_imported() -> None:
    with pytest.raises(Unreadable, match="Line"), unit_of_work() as now:
        drafting.import_draft(None, next_version().replace("| Infra\n", "| \n", 1), now=now)
    assert states() == {1: "superseded", 2: "published"}


@pytest.mark.parametrize("who", ["member", "board", "deputy"])
def test_only_the_director_publishes(who: str) -> None:
    actor = {"member": factories.member, "board": factories.board_member, "deputy": factories.deputy}[who]()
    version = imported()

    with pytest.raises(NotPermitted):
        publish(actor, version)
    assert states()[version] == "draft"


def test_only_director_and_deputy_import_and_discard() -> None:
    member = factories.member()
    with pytest.raises(NotPermitted):
        imported(member)
    version = imported()
    with pytest.raises(NotPermitted), unit_of_work() as now:
        drafting.discard(member, version, now=now)
    assert states()[version] == "draft"


def test_a_draft_that_was_exchanged_since_it_was_read_is_not_published() -> None:
    director, version = factories.director(), imported()

    with pytest.raises(Conflict, match="another one by now"), unit_of_work() as now:
        drafting.publish(director, version, seen="0" * 64, now=now)
    assert states()[version] == "draft"


def test_a_draft_is_found_by_nobody_on_the_public_pages(client: FlaskClient) -> None:
    version = imported()

    for path in (f"/standards/{version}", f"/standards/{version}/wikitext", f"/standards/{version}/changes/2"):
        assert client.get(path).status_code == 404
    with pytest.raises(NotVisible):
        queries.published_standard(version)


# The command


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["assessments", "import-standard", *arguments])
    return result.exit_code, result.output


def test_the_command_says_what_the_file_holds_and_changes_nothing_on_a_dry_run(app: Flask) -> None:
    code, said = run(app, str(FILES / "flattened.txt"), "--dry-run")

    assert (code, said) == (
        0,
        "28 items: Knowledge 11, Skills 9, Behaviours 8.\n"
        "Against version 2: 0 new, 0 removed, 0 reworded, 0 moved.\n"
        "The participant form in it has 26 items; without Web Security, Infrastructure and Suppliers.\n"
        "Nothing was changed.\n",
    )


def test_both_layouts_are_counted_alike(app: Flask) -> None:
    code, said = run(app, str(FILES / "standard.wikitext"), "--dry-run")

    assert code == 0
    assert said.startswith("28 items: Knowledge 11, Skills 9, Behaviours 8.\nAgainst version 2: 0 new, 0 removed, 0 re")


def test_the_command_imports_a_draft(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "next.txt").write_text(next_version())

    code, said = run(app, str(tmp_path / "next.txt"))

    assert code == 0
    assert "Against version 2: 1 new, 1 removed, 1 reworded, 0 moved.\nImported as version 3, a draft." in said
    assert states()[3] == "draft"
    assert last_event().actor_kind is ActorKind.COMMAND


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"\xff\xfe", "no text in UTF-8"), (b"{|\n! Title !! Description\n|}", "Line 2: the table has")],
)
def test_the_command_names_what_it_cannot_read(app: Flask, tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "bad.txt").write_bytes(content)

    code, said = run(app, str(tmp_path / "bad.txt"))

    assert code == 1
    assert says in said
    assert 3 not in states()


# The pages


def test_the_director_looks_at_a_text_first_and_imports_it_then(app: Flask) -> None:
    director = Browser(app, factories.director())
    fields = {"text": next_version()}

    looked = director.post("/standards/import", data={**fields, "take": "1"})
    assert looked.status_code == 200
    assert 3 not in states()
    assert "Reading Logs" in looked.text
    assert "<ins>Reading Logs</ins>" in looked.text

    taken = director.post(
        "/standards/import", data={**fields, "take": "1", "previewed": hidden(looked.text, "previewed")}
    )
    assert taken.headers["Location"] == "/standards/draft"
    assert states()[3] == "draft"


def test_another_text_than_the_one_that_was_looked_at_is_shown_first(app: Flask) -> None:
    director = Browser(app, factories.director())
    fields = {"text": next_version()}
    looked = director.post("/standards/import", data=fields)
    fields |= {"previewed": hidden(looked.text, "previewed"), "take": "1"}

    again = director.post("/standards/import", data={**fields, "text": next_version().replace("Juggling", "Diving")})

    assert again.status_code == 200
    assert 3 not in states()


def test_a_file_is_read_and_shown_with_its_faults_in_words(app: Flask) -> None:
    director = Browser(app, factories.director())

    def send(content: bytes) -> str:
        file = (BytesIO(content), "standard.txt")
        return director.post("/standards/import", data={"file": file}).text

    assert "28 items" in send(FLATTENED.encode())
    assert "This file is no text in UTF-8." in send(b"\xff\xfe\x00")
    assert "This file is too large: the most is 200 kB." in send(b"x" * (LARGEST_TEXT + 1))
    assert "“Title” and" not in send(b"")
    refused = send(next_version().replace("| Infra\n", "| \n", 1).encode())
    assert re.search(r"Line \d+, cell 3: the column “Stack Area” is empty here\.", refused)
    assert "Keeps three wikis in the air." in refused  # what was sent stays


def test_the_draft_is_published_from_its_page(app: Flask) -> None:
    imported()
    director = Browser(app, factories.director())
    page = director.get("/standards/draft").text

    director.post("/standards/3/publish", data={"seen": hidden(page, "seen")})

    assert states() == {1: "superseded", 2: "superseded", 3: "published"}
    changed = director.get("/standards/3/changes/2").text
    assert "<del>Reads and explains</del>" not in changed  # words that stayed are not marked
    assert "<del>Log Interpretation</del>" in changed
    assert "Juggling" in changed


def test_a_standard_is_downloaded_as_the_table_it_came_from(client: FlaskClient) -> None:
    answer = client.get("/standards/2/wikitext")

    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="standard-2.wikitext.txt"'
    assert answer.text.startswith('{| class="wikitable"\n! Title\n! Description\n')
