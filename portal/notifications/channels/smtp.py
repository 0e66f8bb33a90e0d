"""Hands a mail to the mail server: one connection for what goes out together, an end to every wait."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import parseaddr

from config import Smtp
from portal.notifications.channels import PermanentFailure, TemporaryFailure
from portal.notifications.channels.limits import SILENCE, Pause, within


class MailServer:
    """The mail server of the settings. One worker uses it at a time."""

    def __init__(self, settings: Smtp) -> None:
        self._settings = settings
        self._open: smtplib.SMTP | None = None
        self._pause = Pause()

    def send(self, message: EmailMessage, to: str) -> None:
        """Returns when the server has taken it. Raises TemporaryFailure, or PermanentFailure where it never will."""
        self._pause.check()
        try:
            with within(lambda: self._open.sock if self._open else None):
                self._connected().send_message(message, to_addrs=[to])
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            self._give_back()
            raise _failure(code) from None
        except smtplib.SMTPDataError as error:
            self._give_back()
            raise _failure(error.smtp_code) from None
        except smtplib.SMTPResponseException as error:  # not this mail's fault: the sender, the password, the greeting
            self._drop()
            raise TemporaryFailure(f"smtp_{error.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            self._pause.begin()
            raise TemporaryFailure(type(error).__name__) from None

    def close(self) -> None:
        """End the connection, if one is open."""
        if self._open is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError), within(lambda: self._open.sock):  # type: ignore[union-attr]
                self._open.quit()
        self._drop()

    def _connected(self) -> smtplib.SMTP:
        if self._open is not None and self._open.sock is not None:
            return self._open
        wants = self._settings
        own_name = parseaddr(wants.sender)[1].partition("@")[2]  # else smtplib asks the name servers for it
        if wants.scheme == "smtps":
            self._open = smtplib.SMTP_SSL(local_hostname=own_name, context=_context(), timeout=SILENCE)
        else:
            self._open = smtplib.SMTP(local_hostname=own_name, timeout=SILENCE)
        self._open._host = wants.host  # type: ignore[attr-defined]  # smtplib checks the certificate for this name
        code, _ = self._open.connect(wants.host, wants.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, b"")
        if wants.scheme == "smtp+starttls":
            self._open.starttls(context=_context())
        if wants.user:
            self._open.login(wants.user, wants.password)
        return self._open

    def _give_back(self) -> None:
        """After a refusal the server waits for the next mail; if not, a new connection is made."""
        try:
            if self._open is not None:
                self._open.rset()
        except (smtplib.SMTPException, OSError):
            self._drop()

    def _drop(self) -> None:
        if self._open is not None:
            with contextlib.suppress(OSError):
                self._open.close()
        self._open = None


def _context() -> ssl.SSLContext:
    """Encrypted, and the certificate is looked at."""
    return ssl.create_default_context()


def _failure(code: int) -> Exception:
    kind = f"smtp_{code}"
    return PermanentFailure(kind) if 500 <= code < 600 else TemporaryFailure(kind)
