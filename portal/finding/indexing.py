"""The index itself, made in a migration: FTS5 on SQLite, a GIN index of words on PostgreSQL."""

from __future__ import annotations

from .rules import LONGEST_TITLE, LONGEST_WORD, SIGNS, SMALL, words_of

VECTOR = "search_vector(title, number, words, marks)"
DIRECTLY = "WITH (fastupdate = off)"  # A list of what is to be sorted in would be read each time.
# Every how manieth entry has an index of its own, from which enough is found of what many have. An
# index of GIN knows no order and gives all it has; primes, because some records take ids in step.
SHARES = (1021, 31, 1)
# What a title begins with, its first word, and a number are words of their own: after these in the
# text that SQLite takes apart, where they are letters; between scope and word on PostgreSQL.
TITLE, NUMBER, WORD = "^", "!", "="
STARTS = {"title": "+", "number": "#"}


def creation(dialect: str) -> list[str]:
    """Return the statements that make the index over ``search_entry``."""
    return _on_sqlite() if dialect == "sqlite" else _on_postgresql()


def removal(dialect: str) -> list[str]:
    """Return the statements that remove what goes not with the table."""
    if dialect == "sqlite":
        return [
            *(
                f"DROP TRIGGER IF EXISTS search_entry_fts_{e}"
                for e in ("insert", "delete", "update")
            ),
            "DROP TABLE search_entry_fts",
            "DROP VIEW IF EXISTS search_entry_text",
        ]
    return [
        "DROP FUNCTION IF EXISTS search_hits(text[], integer, integer[])",
        "DROP FUNCTION search_vector(text, text, text, text) CASCADE",
    ]


def _on_sqlite() -> list[str]:
    columns = ("title", "number", "words", "marks", "starts")
    listed = ", ".join(columns)
    old, new, own = (", ".join(_texts(row)) for row in ("old.", "new.", ""))
    gone = (
        f"INSERT INTO search_entry_fts (search_entry_fts, rowid, {listed})"  # noqa: S608
        f" VALUES ('delete', old.id, {old});"
    )
    come = f"INSERT INTO search_entry_fts (rowid, {listed}) VALUES (new.id, {new});"  # noqa: S608
    options = (
        "content='search_entry_text', content_rowid='id', prefix='2 3 4 5 6 7 8 9',"
        " tokenize=\"unicode61 remove_diacritics 2 tokenchars '+#'\""
    )
    changed = "AFTER UPDATE ON search_entry"
    return [
        f"CREATE VIEW search_entry_text (id, {listed}) AS SELECT id, {own} FROM search_entry",  # noqa: S608
        f"CREATE VIRTUAL TABLE search_entry_fts USING fts5({listed}, {options})",
        f"CREATE TRIGGER search_entry_fts_insert AFTER INSERT ON search_entry BEGIN {come} END",
        f"CREATE TRIGGER search_entry_fts_delete AFTER DELETE ON search_entry BEGIN {gone} END",
        f"CREATE TRIGGER search_entry_fts_update {changed} BEGIN {gone} {come} END",
    ]


def _texts(row: str) -> list[str]:
    """Return what FTS5 takes apart of an entry: at last how its title and its number begin."""
    signs = "".join(map(chr, range(9, 0x2040)))
    signs = "".join(one for one in signs if one.isspace() or _is_sign(one)).replace("'", "''")
    title, number = (
        f"ltrim(substr({row}{name}, 1, {LONGEST_TITLE}), '{signs}')" for name in STARTS
    )
    first = f"substr({title}, 1, instr({title} || ' ', ' '))"
    starts = f"'{STARTS['title']}' || {first} || ' {STARTS['number']}' || {number}"
    return [f"{row}title", f"{row}number", f"{row}words", f"{row}marks", starts]


def _on_postgresql() -> list[str]:
    """Return a function that makes words as FTS5 does, indexes over them, and one that asks these.

    Each word stands there once for a kind and once for each further mark, as one with it: who sees
    one department reads nothing of the others. The words are dear on paper, so that no plan makes
    them of one row after the other.
    """
    t, n, w = (_folded(name) for name in ("title", "number", "words"))
    made = (
        f"DECLARE t text[] = {t}; n text[] = {n}; w text[] = t || n || {w};"  # noqa: S608
        " kind text = split_part(marks, ' ', 1);"
        " scopes text[] = string_to_array(replace(marks, ' ', '/' || kind || ' '), '/');"
        f" BEGIN IF octet_length(concat(title, number, words)) > {LONGEST_WORD}"
        f" THEN w = ARRAY(SELECT left(one, {LONGEST_WORD}) FROM unnest(w) one); END IF;"
        f" w = string_to_array('{WORD}' || array_to_string(w, ' {WORD}'), ' ')"
        f" || concat('{TITLE}', left(t[1], {LONGEST_WORD}))"
        f" || ('{NUMBER}' || left(array_to_string(n, ' '), {LONGEST_TITLE}));"
        " RETURN array_to_tsvector(ARRAY(SELECT scope || one FROM unnest(w) one,"
        " unnest(scopes) scope)); END"
    )
    head = "CREATE FUNCTION search_vector(title text, number text, words text, marks text)"
    kind = "RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000000 AS"
    return [
        f"{head} {kind} $body$ {made} $body$",
        *(
            f"CREATE INDEX ix_search_entry_{share}_gin ON search_entry USING gin ({VECTOR})"
            f" {DIRECTLY}{_of_share(share, ' WHERE')}"
            for share in SHARES
        ),
        _asking(),
    ]


def _of_share(share: int, before: str) -> str:
    return "" if share == 1 else f"{before} mod(id, {share}) = 0"


def _asking() -> str:
    """Return the function that answers from the smallest share of the entries that has enough.

    One way after the other, as long as none has given enough. It is planned once for all words: no
    other plan than these indexes is any good, whatever the words.
    """
    ways = " ELSIF ".join(
        f"share = {share} THEN hits = ARRAY(SELECT id FROM (SELECT id FROM search_entry"  # noqa: S608
        f" WHERE {VECTOR} @@ question{_of_share(share, ' AND')} OFFSET 0) AS every"
        " ORDER BY id DESC LIMIT most);"
        for share in SHARES
    )
    body = (
        "DECLARE question tsquery; hits bigint[]; share integer;"  # noqa: S608
        " BEGIN FOR way IN 1 .. cardinality(questions) LOOP"
        " CONTINUE WHEN questions[way] IS NULL;"
        " question = questions[way]::tsquery;"
        f" FOREACH share IN ARRAY shares LOOP IF {ways} END IF;"
        " EXIT WHEN cardinality(hits) >= most; END LOOP;"
        " RETURN QUERY SELECT way, id, record_id FROM search_entry WHERE id = ANY (hits);"
        " EXIT WHEN cardinality(hits) >= most; END LOOP; END"
    )
    return (
        "CREATE FUNCTION search_hits(questions text[], most integer, shares integer[])"
        " RETURNS TABLE (way integer, entry bigint, record integer)"
        " LANGUAGE plpgsql STABLE ROWS 20 SET enable_seqscan = off SET jit = off"
        f" AS $body$ {body} $body$"
    )


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
