"""Whose rows each table holds, and what the database itself refuses, as it is written down."""

from __future__ import annotations

import csv
from pathlib import Path

from portal.orm import KINDS, MODELS, Global
from portal.roles.models import WrittenEverywhere
from tools import schema

SCOPES = Path(__file__).with_name("scopes.csv")
RULES = ("rows", "reached", "real")


def declared(model):
    """Return what a model says about its rows, as a line of scopes.csv does."""
    kind = next(kind for kind in KINDS if issubclass(model, kind))
    columns = list(getattr(model, "__follows__", ()))
    if getattr(model, "shared_when_null", False):
        columns.append("null-is-shared")
    classes = [model, WrittenEverywhere] if issubclass(model, WrittenEverywhere) else [model]
    own = [rule for rule in RULES if any(rule in vars(one) for one in classes)]
    return {
        "table": model.__tablename__,
        "noun": model.__noun__,
        "kind": kind.__name__,
        "columns": " ".join(columns),
        "own": " ".join(own),
    }


def test_every_table_belongs_to_whom_the_list_says(stand):
    with SCOPES.open(encoding="utf-8", newline="") as file:
        known = {line["table"]: line for line in csv.DictReader(file)}
    slugs = {"core", *stand.app.extensions["kantor"].loaded}
    there = {name: model for name, model in MODELS.items() if model.__slug__ in slugs}
    assert {name: declared(model) for name, model in there.items()} == known


def test_only_what_is_declared_free_is_read_freely(stand):
    wrong = [n for n, model in MODELS.items() if model.reads_freely != issubclass(model, Global)]
    assert wrong == []


def test_the_database_refuses_all_that_the_models_say_it_refuses(portal_database_kind, tmp_path):
    problems, triggers = schema.examine(portal_database_kind, tmp_path)
    assert problems == []
    kept = [
        line
        for line in schema.TRIGGERS.read_text(encoding="utf-8").splitlines()
        if line.startswith(f"{portal_database_kind} ")
    ]
    assert triggers == kept
