"""What can go wrong in words: messages, and the refusals that carry them.

A message keeps its English sentence as the gettext id and its values apart, so that the pure core never formats text
and every reader sees it in their own language.
"""

from __future__ import annotations


class Message:
    """A sentence for a person: a gettext id and its values (``%(name)s``)."""

    __slots__ = ("id", "values")

    def __init__(self, id: str, /, **values: object) -> None:
        self.id = id
        self.values = values

    def __str__(self) -> str:
        return self.id % self.values if self.values else self.id

    def __repr__(self) -> str:
        return f"Message({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and (self.id, self.values) == (other.id, other.values)

    def __hash__(self) -> int:
        return hash((self.id, tuple(sorted((key, str(value)) for key, value in self.values.items()))))


class PortalError(Exception):
    """A refusal. ``status`` is the HTTP status, ``message`` what the person reads; nothing was changed."""

    status = 400

    def __init__(self, message: Message | str) -> None:
        self.message = message if isinstance(message, Message) else Message(message)
        super().__init__(str(self.message))


class NotVisible(PortalError):
    """There is no such thing, or the reader may not know of it: the same answer for both."""

    status = 404

    def __init__(self, message: Message | str = "There is nothing here that you can read.") -> None:
        super().__init__(message)


class NotPermitted(PortalError):
    """The reader may see the thing but not do this to it."""

    status = 403


class SignInNeeded(PortalError):
    """Nobody is signed in, or the sign-in has ended."""

    status = 401


class FreshSignInNeeded(PortalError):
    """A decision after a long pause goes through the wiki once more."""

    status = 401


class WrongState(PortalError):
    """The thing has moved on: what was asked no longer fits its state."""

    status = 409


class Conflict(PortalError):
    """Somebody else changed it first. The page shows both versions."""

    status = 409


class Invalid(PortalError):
    """What was sent cannot be taken. ``field`` names the form field it is about, if one."""

    status = 422

    def __init__(self, message: Message | str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field
