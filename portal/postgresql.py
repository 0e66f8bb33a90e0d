"""A connection to PostgreSQL that does not wait for ever for an answer: the server may hang, or its machine be gone."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

ANSWER_LIMIT = 5.5  # seconds for one statement; a writer waits 5 for the one before it
PING_LIMIT = 2.0  # seconds to find out whether a connection from the pool still answers


class ImpatientConnection(psycopg.Connection[Any]):
    """Gives up, and ends itself, when a statement gets no answer in time. Raises psycopg.OperationalError then."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        limit = PING_LIMIT if self.autocommit else ANSWER_LIMIT  # SQLAlchemy asks "are you there?" in autocommit
        try:
            return super().wait(gen, interval, limit if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()  # the answer may still come, and would be taken for that to another question
            raise
