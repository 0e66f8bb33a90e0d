"""A mail as it goes out: headers that thread it, end it by one click, and hold nothing that a name could break."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parseaddr
from urllib.parse import urlencode, urlsplit

from portal.errors import Message
from portal.notifications.mail_tokens import Stop, stop_token
from portal.web.addresses import absolute, path_to
from portal.web.mailing import Content, Link, html_part, one_line, said, text_part

HEADER_LENGTH = 900  # characters of a line; at the usual 78 Python encodes a long link, and nobody could follow it
SETTINGS = Message("Choose what you get by mail")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What stands in the headers. ``id`` is the same at each try; ``thread`` holds together what belongs together."""

    to: str
    sender: str
    subject: Message
    id: str
    at: datetime
    thread: str = ""
    stop: Stop | None = None


def host() -> str:
    """The name behind the @ of message ids."""
    return urlsplit(absolute("/")).hostname or "localhost"


def settings_url() -> str:
    """Where somebody chooses what they get by mail."""
    return absolute(path_to("mail.show"))


def stop_path(stop: Stop) -> str:
    """Path and query of what ends this mail: a button by GET, done by POST."""
    return f"{path_to('mail.stop')}?{urlencode({'t': stop_token(stop)})}"


def confirm_path(token: str) -> str:
    """Path and query of the page with the button that confirms an address."""
    return f"{path_to('mail.confirm')}?{urlencode({'t': token})}"


def compose(envelope: Envelope, content: Content) -> EmailMessage:
    """The mail with both parts."""
    name, address = parseaddr(envelope.sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = formataddr((one_line(name), address))
    message["To"] = envelope.to
    message["Subject"] = said(envelope.subject)
    message["Date"] = format_datetime(envelope.at)
    message["Message-ID"] = f"<{envelope.id}@{host()}>"
    message["Auto-Submitted"] = "auto-generated"  # no holiday replies
    if envelope.thread:
        message["In-Reply-To"] = message["References"] = f"<{envelope.thread}@{host()}>"
        message["List-Id"] = f"<{envelope.thread.split('.')[0]}.{host()}>"
    links: tuple[Link, ...] = (Link(SETTINGS, settings_url()),)
    if envelope.stop is not None:
        url = absolute(stop_path(envelope.stop))
        message["List-Unsubscribe"] = f"<{url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        links = (Link(_stop_words(envelope.stop), url), *links)
    content = Content(content.heading, content.lines, content.items, content.button, content.notes, links)
    message.set_content(text_part(content), cte="quoted-printable")
    message.add_alternative(html_part(content), subtype="html", cte="quoted-printable")
    message.policy = SMTP.clone(max_line_length=HEADER_LENGTH)
    return message


def _stop_words(stop: Stop) -> Message:
    if stop.request_id is not None:
        return Message("No more mail about this request")
    return Message("No more mail of this kind") if stop.kind else Message("No more daily mail")
