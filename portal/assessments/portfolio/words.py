"""The words of the portfolio."""

from __future__ import annotations

from portal.assessments.portfolio.models import Verdict
from portal.errors import Message

VERDICTS = {
    Verdict.ACCEPTED: (Message("Accepted"), "good"),
    Verdict.QUESTIONED: (Message("Questioned"), "warn"),
}
