"""Figures for Prometheus. What a process counts, only that process knows: its number is a label."""

from __future__ import annotations

import os
import time
from typing import Any

from flask import Flask, g, request, request_finished, request_started
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import func, select

from portal import __version__
from portal.backup import keeping
from portal.guard import kernel_execute
from portal.jobs.models import Job, Outbox
from portal.mail import services as mail
from portal.work import UnitOfWork

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
OF_PROCESS = "of the process that answered"
jobs, outbox = Job.__table__, Outbox.__table__


class Metrics:
    """The counters of one app in one process."""

    def __init__(self, app: Flask) -> None:
        self.registry = CollectorRegistry()
        labels = ("process", "method", "endpoint", "status")
        self._requests = Counter(
            "kantor_requests", f"Requests, {OF_PROCESS}", labels, registry=self.registry
        )
        self._seconds = Histogram(
            "kantor_request_seconds",
            f"Time until the answer was ready, {OF_PROCESS}",
            ("process", "endpoint"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        request_started.connect(self._begin, app)
        request_finished.connect(self._count, app)

    def _begin(self, _app: Flask, **_more: Any) -> None:
        g.began = time.perf_counter()

    def _count(self, _app: Flask, response: Any, **_more: Any) -> None:
        process, endpoint = str(os.getpid()), request.endpoint or "none"
        method = request.method if request.method in _METHODS else "OTHER"
        self._requests.labels(process, method, endpoint, str(response.status_code)).inc()
        if (began := g.get("began")) is not None:
            self._seconds.labels(process, endpoint).observe(time.perf_counter() - began)

    def text(self, tx: UnitOfWork) -> bytes:
        """Return everything as Prometheus reads it: this process's figures and the database's."""
        of_process: bytes = generate_latest(self.registry)
        of_database: bytes = generate_latest(_of_portal(tx))
        return of_process + of_database


_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


def _of_portal(tx: UnitOfWork) -> CollectorRegistry:
    """Return what the database knows, and what this process knows of the plugins."""
    registry = CollectorRegistry()

    def gauge(name: str, help_text: str, *labels: str) -> Gauge:
        return Gauge(name, help_text, labels, registry=registry)

    gauge("kantor_info", "The version that runs", "version").labels(__version__).set(1)
    waiting = gauge("kantor_jobs", "Background jobs in the database, by state", "state")
    for state, count in _counts(tx, select(jobs.c.state, func.count()).group_by(jobs.c.state)):
        waiting.labels(state).set(count)
    events = gauge("kantor_outbox_waiting", "Events not delivered yet, by subscriber", "subscriber")
    grouped = select(outbox.c.subscriber, func.count()).group_by(outbox.c.subscriber)
    for subscriber, count in _counts(tx, grouped):
        events.labels(subscriber).set(count)
    letters = gauge("kantor_mails", "Mails in the database, by state", "state")
    for state, count in mail.counts(tx):
        letters.labels(state).set(count)
    backed_up = gauge("kantor_last_backup_timestamp_seconds", "The last good backup")
    if known := keeping.last(tx):
        backed_up.set(known.made_at.timestamp())
    failed = gauge(
        "kantor_plugin_failures", f"Failures of plugins, {OF_PROCESS}", "process", "plugin", "stage"
    )
    runtime: Any = tx.session.runtime
    for failure in runtime.failures:
        failed.labels(str(os.getpid()), failure.slug, failure.stage).set(1)
    for (slug, hook), count in runtime.hook_failures.items():
        failed.labels(str(os.getpid()), slug, f"hook {hook}").set(count)
    return registry


def _counts(tx: UnitOfWork, statement: Any) -> Any:
    return kernel_execute(tx.session, statement).all()
