"""The pages of an import: send the file, match columns, check every row, run, see the result."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, current_app, make_response, request, url_for
from werkzeug.wrappers import Response

from portal.errors import ValidationFailed
from portal.files import services as files
from portal.files.views import store
from portal.jobs import services as jobs
from portal.messages import Message, current_language, message
from portal.web import policy, reading, redirect_to, render, transaction

from . import memory, services
from .errorfile import error_file
from .forms import ColumnsForm, FileForm
from .grid import Grid, ImportProblem
from .listfile import empty_list, known_columns
from .matching import duplicate_headings
from .past_views import PAST, PastRoad
from .preview import changed_rows, preview_rows
from .reading import read_table
from .rules import Checked, Import
from .services import JOB

SHOWN_PROBLEMS = 500


def import_routes(blueprint: Blueprint, declared: Import) -> None:
    """Give a plugin's blueprint the pages of an import, each under the import's own permission."""
    road = Road(blueprint.name, declared)

    def add(rule: str, step: str, view: Callable[..., Any], method: str = "GET") -> None:
        @policy(declared.permission)
        @wraps(view)
        def shown(**values: str) -> Any:
            return view(**values)

        blueprint.add_url_rule(
            f"/import/{declared.slug}{rule}", road.name(step), shown, methods=[method]
        )

    add("", "", road.start)
    add("", "send", road.send, "POST")
    add("/<upload>", "columns", road.columns)
    add("/<upload>/check", "check", road.check)
    add("/<upload>/run", "run", road.run, "POST")
    add("/result/<job>", "result", road.result)
    past = PastRoad(road)
    add("/past", "past", past.past)
    add("/past/<run>", "past_one", past.past_one)
    add("/past/<run>/undo", "undo", past.undo, "POST")


class Road:
    """The views of one declared import."""

    def __init__(self, plugin: str, declared: Import) -> None:
        self.plugin, self.declared = plugin, declared

    def name(self, step: str) -> str:
        """Return the name of a view: ``import_items`` or ``import_items_check``."""
        what = self.declared.slug.replace("-", "_")
        return f"import_{what}_{step}" if step else f"import_{what}"

    def url(self, step: str, **values: Any) -> str:
        """Return the address of a step."""
        return url_for(f"{self.plugin}.{self.name(step)}", **values)

    def start(self) -> Any:
        """Ask for the file, and say which columns it may have."""
        if request.args.get("format") == "csv":
            return empty_list(self.declared, current_language.get())
        return self._start_page(FileForm())

    def send(self) -> Any:
        """Keep the file and go on to its columns; a file that is no list is refused here."""
        sent = request.files.get("file")
        form = FileForm()
        if sent is None or not sent.filename:
            form.add_errors({"file": message("Choose a file.")})
            return self._start_page(form, 422)
        try:
            read_table(sent.stream)  # type: ignore[arg-type]
            content = store().put(sent.stream)  # type: ignore[arg-type]
            with transaction() as tx:
                kept = files.keep(
                    tx,
                    content,
                    name=sent.filename,
                    purpose=services.purpose(self.declared),
                    kept=services.KEPT,
                )
                return redirect_to(tx, f"{self.plugin}.{self.name('columns')}", upload=kept)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
            return self._start_page(form, 422)

    def columns(self, upload: str) -> Any:
        """Show which column is taken for what, and what the first rows mean then."""
        kept, grid = self._file(upload)
        known = memory.recall(reading(), self.declared, grid.header)
        form = ColumnsForm.made(self.declared, grid, request.args, known)
        if set(request.args) - {"sheet"}:
            form.validate()
            known = None
        return self._columns_page(kept, grid, form, remembered=known)

    def check(self, upload: str) -> Any:
        """Show everything that is wrong with the file at once, or offer to import it."""
        kept, grid = self._file(upload)
        form = ColumnsForm.made(self.declared, grid, request.args)
        if not request.args or not form.validate():
            return self._columns_page(kept, grid, form, 422)
        tx, choices = reading(), form.choices()
        meaning = services.read(grid, self.declared, choices, self._currency())
        checked = services.check(tx, self.declared, meaning, choices.wanted)
        if (wanted := request.args.get("format")) in ("csv", "xlsx"):
            language = current_language.get()
            return error_file(grid, checked, wanted, language, choices.number_format)
        return self._check_page(kept, grid, checked, form.plain())

    def _check_page(
        self, kept: files.KeptFile, grid: Grid, checked: Checked, chosen: dict[str, str]
    ) -> Any:
        upload = kept.public_id
        in_rows = {problem.row for problem in checked.problems} <= {r.number for r in grid.rows}
        return self.page(
            "check",
            3,
            kept=kept,
            checked=checked,
            shown=checked.problems[:SHOWN_PROBLEMS],
            problem_rows=[_told(one) for one in checked.problems[:SHOWN_PROBLEMS]],
            notes=[_told(one) for one in checked.notes[:SHOWN_PROBLEMS]],
            changes=changed_rows(checked, self.declared, self._currency()),
            may_leave_out=in_rows and checked.new + checked.changed > 0,
            chosen=chosen,
            columns_url=self.url("columns", upload=upload, **chosen),
            run_url=self.url("run", upload=upload),
            csv_url=self.url("check", upload=upload, **chosen | {"format": "csv"}),
            xlsx_url=self.url("check", upload=upload, **chosen | {"format": "xlsx"}),
        )

    def run(self, upload: str) -> Any:
        """Ask the worker to import the file."""
        kept, grid = self._file(upload)
        form = ColumnsForm.made(self.declared, grid, request.form)
        if not form.validate():
            return self._columns_page(kept, grid, form, 422)
        with transaction() as tx:
            kept = services.find_upload(tx, self.declared, upload)
            args = {
                "import": self.declared.name,
                "upload": kept.public_id,
                "choices": form.choices().plain(),
                "chosen": form.plain(),
                "leave_out": _whole_number(request.form.get("leave_out", "")),
            }
            memory.remember(tx, self.declared, grid.header, form.plain())
            job = tx.enqueue(JOB, args=args)
            return redirect_to(tx, f"{self.plugin}.{self.name('result')}", job=job)

    def result(self, job: str) -> Any:
        """Show how far the import has come, and what came of it."""
        state = jobs.of_owner(reading(), job, name=JOB)
        upload, chosen = state.args["upload"], state.args["chosen"]
        run = state.result.get("run")
        return self.page(
            "result",
            4,
            job=state,
            here=self.url("result", job=job),
            list_url=url_for(self.declared.done),
            check_url=self.url("check", upload=upload, **chosen),
            xlsx_url=self.url("check", upload=upload, **chosen | {"format": "xlsx"}),
            past_url=self.url("past_one", run=run) if run else "",
        )

    def _file(self, upload: str) -> tuple[files.KeptFile, Grid]:
        kept = services.find_upload(reading(), self.declared, upload)
        sheet = request.values.get("sheet", "")
        return kept, services.open_grid(store(), kept, sheet)

    def _start_page(self, form: FileForm, status: int = 200) -> Any:
        return self.page(
            "start",
            1,
            status,
            form=form,
            known=known_columns(self.declared),
            empty_url=self.url("", format="csv"),
            past_url=self.url("past"),
        )

    def _columns_page(
        self,
        kept: files.KeptFile,
        grid: Grid,
        form: ColumnsForm,
        status: int = 200,
        remembered: memory.Remembered | None = None,
    ) -> Any:
        heads, rows = preview_rows(grid, self.declared, form.choices(), self._currency())
        return self.page(
            "columns",
            2,
            status,
            kept=kept,
            grid=grid,
            form=form,
            doubles=duplicate_headings(grid.header),
            remembered=remembered,
            heads=heads,
            rows=rows,
            here=self.url("columns", upload=kept.public_id),
            check_url=self.url("check", upload=kept.public_id),
        )

    def page(
        self, template: str, step: int | Message, status: int = 200, **context: Any
    ) -> Response:
        """Return one of the pages; ``step`` is which step of the road, or what else it is."""
        plugin = current_app.extensions["kantor"].loaded[self.plugin]
        here = STEPS[step - 1][0] if isinstance(step, int) else step
        crumbs = [(plugin.title, url_for(self.declared.done)), (self.declared.title, self.url(""))]
        if "run" in context:
            crumbs.append((PAST, self.url("past")))
            here = context["run"].file_name
        html = render(
            f"imports/{template}.html",
            crumbs=(*crumbs, (here, "")),
            declared=self.declared,
            steps_of_import=STEPS,
            step=step,
            start_url=self.url(""),
            **context,
        )
        return make_response(html, status)

    def _currency(self) -> str:
        currency: str = current_app.extensions["kantor_facts"]["currency"]
        return currency


def _told(one: ImportProblem) -> tuple[Any, ...]:
    return (one.cell or one.row, one.column, one.value, one.message)


def _whole_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


STEPS = (
    (message("Send the file"), ""),
    (message("Match the columns"), ""),
    (message("Check every row"), ""),
    (message("Import"), ""),
)
