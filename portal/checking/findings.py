"""What a plugin can be found to do wrong: every rule with what it asks and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that is asked of every plugin; ``alive`` ones are asked of a running portal."""

    asks: str
    remedy: str
    alive: bool = False


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One broken promise: where, what, and what to do about it."""

    where: str  # file and line, or the page or table it is about
    what: str
    remedy: str
    rule: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}. {self.remedy}" if self.where else self.sentence

    @property
    def sentence(self) -> str:
        """The finding without its place."""
        return f"{self.what}. {self.remedy}"

    def as_dict(self) -> dict[str, str]:
        """Return the finding for JSON."""
        return asdict(self)


def names(text: str) -> frozenset[str]:
    """Return the names in a text."""
    return frozenset(text.split())


PUBLIC = frozenset({"portal.plugin", "portal.api", "portal.web", "portal.testing"})
OWN_WAY = "read and write through tx.session with the plugin's own models and visible()"

RULES: dict[str, Rule] = {
    # What the code reaches for.
    "private-import": Rule(
        asks="imports nothing of the portal but its four public modules",
        remedy=f"Use {', '.join(sorted(PUBLIC))}",
    ),
    "network": Rule(
        asks="does not talk to the network",
        remedy="Leave it out, or do it in a program of its own and let the plugin read the result",
    ),
    "subprocess": Rule(
        asks="starts no other program",
        remedy="Use a Python library, or do it in a program of its own",
    ),
    "pickle": Rule(
        asks="reads no objects from bytes (pickle, marshal, shelve, yaml.load)",
        remedy="Keep data as JSON, or in columns",
    ),
    "eval": Rule(
        asks="runs no code that is not in its files (eval, exec, imports and templates by data)",
        remedy="Write the cases out, or look them up in a dict of functions",
    ),
    "raw-sql": Rule(
        asks="sends no SQL of its own",
        remedy=f"Build statements with select() and {OWN_WAY}",
    ),
    "foreign-table": Rule(
        asks="touches no table that is not its own",
        remedy="Use what portal.api offers, or a service the other plugin provides",
    ),
    "round-the-guard": Rule(
        asks="goes to the database by the guarded session alone, and commits nothing itself",
        remedy=f"Write inside `with transaction() as tx:`; {OWN_WAY}",
    ),
    "blocking-import": Rule(
        asks="does no work while it is imported",
        remedy="Move it into the function that needs it, or into a job",
    ),
    "swallowed-error": Rule(
        asks="catches only errors it can name",
        remedy="Name the error, or raise it again",
    ),
    "naive-time": Rule(
        asks="takes time and date from the unit of work",
        remedy="Use tx.now and tx.today, or datetime.now(UTC)",
    ),
    "float-column": Rule(
        asks="keeps money and quantities as whole numbers",
        remedy="Keep an integer of the smallest unit (cents, thousandths)",
    ),
    "paging-by-offset": Rule(
        asks="turns pages by key, not by offset",
        remedy="Show the list with web.Table",
    ),
    # Pages and forms.
    "unguarded-route": Rule(
        asks="says of every page who may see it",
        remedy='Put @policy("<slug>.<noun>.<verb>") on it, or @public("why") if it is for all',
    ),
    "undeclared-permission": Rule(
        asks="uses no permission it does not declare",
        remedy="Add a Permission of this name to Plugin(permissions=...), or mend the name",
    ),
    "writing-get": Rule(
        asks="changes nothing when a page is looked at",
        remedy="Write only when request.method is POST, in a route that takes a form",
    ),
    "mass-assignment": Rule(
        asks="sets only what its forms declare",
        remedy="Name the fields: form.command(YourCommand), then set each column in the service",
    ),
    "open-redirect": Rule(
        asks="sends nobody to an address that a request names",
        remedy="Use redirect_to(tx, endpoint), or pick one of your own from a dict",
    ),
    "sent-name": Rule(
        asks="opens and reads nothing by a name that a request gives",
        remedy="Look the name up in a dict of what is offered",
    ),
    "waiting-page": Rule(
        asks="keeps nobody waiting who looks at a page",
        remedy="Do it in a job, see docs/plugin-authors/background.md",
    ),
    "beyond-its-pages": Rule(
        asks="changes no page and no part of the portal but its own",
        remedy="Use a hook, see docs/reference/hooks.md",
    ),
    "unkeyed-write": Rule(
        asks="does once what a form sent twice says",
        remedy="Take @unkeyed (or key=False) off: form_open() sends the key",
    ),
    "forged-form": Rule(
        asks="sends every form with the token and the key",
        remedy="Use form_open() or button_form() of macros/form.html, or {{ hidden_fields() }}",
    ),
    # Templates.
    "unescaped": Rule(
        asks="prints nothing unescaped (|safe, Markup, autoescape false, HTML made in Python)",
        remedy="Print the value as it is, and write the markup in the template",
    ),
    "inline-script": Rule(
        asks="has no script or handler inside its pages",
        remedy="Put it into a file of static/ and load it with src, or use data- attributes",
    ),
    "inline-style": Rule(
        asks="has no style inside its pages",
        remedy="Use the classes of the portal, or a file of static/",
    ),
    "hx-attribute": Rule(
        asks="uses no hx- attribute but those that only fetch",
        remedy="Use hx-get, hx-target, hx-swap, hx-trigger, hx-include, hx-select and hx-push-url",
    ),
    "template-place": Rule(
        asks="keeps its templates in templates/<slug>/, each ending in .html",
        remedy="Move it there and mend the name",
    ),
    "template-broken": Rule(
        asks="has templates that can be compiled, and refer to what is there",
        remedy="Mend it, or copy what it uses",
    ),
    # Words.
    "untranslated-string": Rule(
        asks="says nothing to people that cannot be translated",
        remedy='Write message("...") in Python and {{ _("...") }} in templates',
    ),
    "formatted-error": Rule(
        asks="raises domain errors with messages, not with formatted text",
        remedy='Write message("{name} has {key}.", name=..., key=...)',
    ),
    "missing-translation": Rule(
        asks="is translated into every language of the portal",
        remedy="Add it to translations/<language>/LC_MESSAGES/messages.po",
    ),
    "stale-translation": Rule(
        asks="keeps no translation of what it no longer says",
        remedy="Remove it from the catalogue",
    ),
    "translation-gaps": Rule(
        asks="keeps the gaps of a sentence in its translation",
        remedy="Keep them",
    ),
    "translation-clash": Rule(
        asks="translates the portal's own words as the portal does",
        remedy="Say the same, or write other words",
    ),
    # What is declared and shipped.
    "no-entry-point": Rule(
        asks="is found by an entry point",
        remedy="",
    ),
    "wheel-incomplete": Rule(
        asks="ships every file of its package in the wheel",
        remedy="Add it to [tool.setuptools.package-data]",
    ),
    "hook-arguments": Rule(
        asks="implements only hooks that exist, with their arguments",
        remedy="See docs/reference/hooks.md",
    ),
    "not-loaded": Rule(
        asks="is loaded by a portal, alone and beside what it requires",
        remedy="Mend what is said",
        alive=True,
    ),
    "contradiction": Rule(
        asks="does not contradict itself in what it declares",
        remedy="Mend what is said",
        alive=True,
    ),
    "hidden-partner": Rule(
        asks="loads without plugins it does not require",
        remedy="Ask tx.service(), or mark hooks of others @hookimpl(optionalhook=True)",
        alive=True,
    ),
    # Tables.
    "migration-fails": Rule(
        asks="makes its tables on each database, each revision with rows in them too",
        remedy="Run it on both databases and mend it",
        alive=True,
    ),
    "migration-differs": Rule(
        asks="has migrations that make what its models say",
        remedy="Write another revision",
        alive=True,
    ),
    "migration-stays": Rule(
        asks="takes its tables back when it goes, rows or none",
        remedy="Let downgrade() undo what upgrade() did",
        alive=True,
    ),
    # Pages, asked of a running portal.
    "page-fails": Rule(
        asks="answers every page of somebody with every right",
        remedy="It should be 200",
        alive=True,
    ),
    "open-page": Rule(
        asks="refuses every page to nobody and to people without the permission",
        remedy="Leave @policy as the gate reads it",
        alive=True,
    ),
    "leak": Rule(
        asks="shows nobody a row that their permission for the page does not reach",
        remedy="Narrow the statement with visible(statement, permission, tx.actor)",
        alive=True,
    ),
    "samples-fail": Rule(
        asks="has samples() that can be written, if it has any",
        remedy="Write them with its own services, as somebody who may do everything",
        alive=True,
    ),
    "growing-queries": Rule(
        asks="sends as many statements for 30 rows as for 3 (for 12, if it has samples())",
        remedy="Load what each row needs in the statement of the list: a join, or selectinload()",
        alive=True,
    ),
    "many-queries": Rule(
        asks="sends at most 6 statements for a list, and 14 for a page of a record with its story",
        remedy="Read together what is shown together: joins, or one statement for several figures",
        alive=True,
    ),
    "axe": Rule(
        asks="shows pages in which axe finds nothing, where Playwright and a Chromium are at hand",
        remedy="Use the macros, or give what is named a name, a role or more contrast",
        alive=True,
    ),
    "formula-in-export": Rule(
        asks="writes no text into a file that a spreadsheet takes for a formula",
        remedy="Answer with web.Table or web.plain_file(), which write text as text",
        alive=True,
    ),
    "breaks-on-text": Rule(
        asks="takes whatever people type, or refuses it in words",
        remedy="Check the length and kind in the form",
        alive=True,
    ),
    "foreign-choice": Rule(
        asks="points at no row that who sent the form may not see",
        remedy="Load what the form names with visible(), else raise NotFound",
        alive=True,
    ),
    "check-ended": Rule(
        asks="can be imported and asked in a process of its own, in good time",
        remedy="Do nothing at import that waits, ends the process or asks the network",
        alive=True,
    ),
}


def finding(rule: str, where: str, what: str, remedy: str = "") -> Finding:
    """Return a finding of ``rule``, with its own remedy unless another is given."""
    return Finding(where=where, what=what, remedy=remedy or RULES[rule].remedy, rule=rule)


def in_order(found: Iterable[Finding]) -> list[Finding]:
    """Return each finding once, in the order of the rules and then of the places."""
    ranks = {rule: rank for rank, rule in enumerate(RULES)}
    once = dict.fromkeys(found)
    return sorted(once, key=lambda one: (ranks[one.rule], _place(one.where), one.what))


def _place(where: str) -> tuple[str, int]:
    file, _, line = where.rpartition(":")
    return (file, int(line)) if line.isdigit() else (where, 0)
