"""The index itself, made in a migration: FTS5 on SQLite, a GIN index of words on PostgreSQL."""

from __future__ import annotations

from .rules import LONGEST_TITLE, LONGEST_WORD, SIGNS, SMALL, words_of

COLUMNS = ("title", "number", "words", "marks")
VECTOR = "search_vector(title, number, words, marks)"
DIRECTLY = "WITH (fastupdate = off)"  # A list of what is to be sorted in would be read each time.
TITLE, NUMBER, MARK = "^", "!", "="  # with what words of these begin, which is in no other word


def creation(dialect: str) -> list[str]:
    """Return the statements that make the index over ``search_entry``."""
    return _on_sqlite() if dialect == "sqlite" else _on_postgresql()


def removal(dialect: str) -> list[str]:
    """Return the statements that remove what goes not with the table."""
    if dialect == "sqlite":
        return ["DROP TABLE search_entry_fts"]
    return ["DROP FUNCTION search_vector(text, text, text, text) CASCADE"]


def _on_sqlite() -> list[str]:
    listed = ", ".join(COLUMNS)
    old, new = (", ".join(f"{row}.{name}" for name in COLUMNS) for row in ("old", "new"))
    gone = (
        f"INSERT INTO search_entry_fts (search_entry_fts, rowid, {listed})"  # noqa: S608
        f" VALUES ('delete', old.id, {old});"
    )
    come = f"INSERT INTO search_entry_fts (rowid, {listed}) VALUES (new.id, {new});"  # noqa: S608
    options = (
        "content='search_entry', content_rowid='id', prefix='2 3 4 5 6 7 8',"
        " tokenize=\"unicode61 remove_diacritics 2 tokenchars '+#'\""
    )
    changed = "AFTER UPDATE ON search_entry"
    return [
        f"CREATE VIRTUAL TABLE search_entry_fts USING fts5({listed}, {options})",
        f"CREATE TRIGGER search_entry_fts_insert AFTER INSERT ON search_entry BEGIN {come} END",
        f"CREATE TRIGGER search_entry_fts_delete AFTER DELETE ON search_entry BEGIN {gone} END",
        f"CREATE TRIGGER search_entry_fts_update {changed} BEGIN {gone} {come} END",
    ]


def _on_postgresql() -> list[str]:
    """Return a function that makes words as FTS5 does, and the index over what it returns.

    It is dear on paper, so that no plan asks it of one row after the other.
    """
    t, n, w = (_folded(name) for name in ("title", "number", "words"))
    made = (
        f"DECLARE t text[] = {t}; n text[] = {n}; w text[] = t || n || {w};"  # noqa: S608
        f" BEGIN IF octet_length(concat(title, number, words)) > {LONGEST_WORD}"
        f" THEN w = ARRAY(SELECT left(one, {LONGEST_WORD}) FROM unnest(w) one); END IF;"
        f" w = w || ('{TITLE}' || left(array_to_string(t, ' '), {LONGEST_TITLE}))"
        f" || ('{NUMBER}' || left(array_to_string(n, ' '), {LONGEST_TITLE}));"
        f" RETURN array_to_tsvector(w || string_to_array('{MARK}'"
        f" || replace(marks, ' ', ' {MARK}'), ' ')); END"
    )
    head = "CREATE FUNCTION search_vector(title text, number text, words text, marks text)"
    kind = "RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 AS"
    return [
        f"{head} {kind} $body$ {made} $body$",
        f"CREATE INDEX ix_search_entry_gin ON search_entry USING gin ({VECTOR}) {DIRECTLY}",
    ]


def _folded(name: str) -> str:
    """Return an expression for the words of a text, without case, accents and signs.

    What has nothing but ASCII, as most texts do, is spared what takes long.
    """
    signs = "".join(chr(code) for code in range(1, 128) if _is_sign(chr(code)))
    quoted = signs.replace("'", "''")
    quick = f"translate(lower({name} COLLATE \"C\"), '{quoted}', '{' ' * len(signs)}')"
    plain = f"regexp_replace(normalize({name}, NFD), '[\\u0300-\\u036f]', '', 'g')"
    large, small = "".join(SMALL), "".join(SMALL.values())
    lowered = f"translate(lower({plain} COLLATE \"C\"), '{large}', '{small}')"
    slow = f"regexp_replace({lowered}, '[{SIGNS}]+', ' ', 'g')"
    folded = f"CASE WHEN octet_length({name}) = length({name}) THEN {quick} ELSE {slow} END"
    return f"array_remove(string_to_array({folded}, ' '), '')"


def _is_sign(letter: str) -> bool:
    return words_of(f"a{letter}b") == ["a", "b"]
