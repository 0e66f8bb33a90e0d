"""What has to happen by itself: each feature registers its jobs, `flask clock tick` runs them.

A job takes the moment and returns how many things it did. It runs in a unit of work of its own, as actor "clock"
(`audit.record` without an actor), and is idempotent: run twice, the second time it does nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, current_app

from portal.extensions import db
from portal.web import logs
from portal.web.unit_of_work import unit_of_work

Job = Callable[[datetime], int]


class _OnlyLooking(Exception):
    """Rolls a rehearsed job back."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of one job: how many things it did, or the kind of failure that undid it.

    ``would_record``: of a rehearsed job, the events it would have written.
    """

    name: str
    count: int = 0
    failure: str = ""
    would_record: tuple[str, ...] = ()


def add_job(app: Flask, name: str, job: Job) -> None:
    """Register a job. ``name`` says in words what it does: "remind of unanswered questions"."""
    app.extensions.setdefault("clock_jobs", {})[name] = job


def run_all(*, rehearse: bool = False) -> list[Ran]:
    """Run every job, each by itself: one that fails undoes its own work and stops no other.

    ``rehearse`` undoes every job, to tell what would be done.
    """
    jobs: dict[str, Job] = current_app.extensions.get("clock_jobs", {})
    return [_run(name, job, rehearse=rehearse) for name, job in jobs.items()]


def _run(name: str, job: Job, *, rehearse: bool) -> Ran:
    count = 0
    events: tuple[str, ...] = ()
    try:
        with unit_of_work() as now:
            count = job(now)
            if rehearse:
                events = tuple(_in_words(event) for event in db.session().info.get("events", []))
                raise _OnlyLooking
    except _OnlyLooking:
        return Ran(name, count, would_record=events)
    except Exception as error:  # whatever it is, the other jobs have to run
        kind = type(error).__name__
        logs.write(logging.ERROR, "clock", job=name, error=kind)
        return Ran(name, failure=kind)
    return Ran(name, count)


def _in_words(event: Any) -> str:
    about = (("request", event.request_id), ("person", event.person_id), ("row", event.subject_id))
    return " ".join([event.code, *(f"{what} {id}" for what, id in about if id is not None)])
