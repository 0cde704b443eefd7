"""Break the code N times and count which breaks the tests notice.

    python -m tests.mutate --seed 2026-01-31 --number 20
    python -m tests.mutate --list             every mutant there is
    python -m tests.mutate --only NAME        the ones whose name holds these words

The tree is copied once. First the suites must pass against the unbroken copy: what fails without a
break proves nothing. Then each mutant gets a copy of its own, and the policy and canary suites
and those of inventory run against it until one test fails. What no test can notice because nothing
changes stands in equivalent.toml, with the reason.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portal.testing_databases import offered
from tests.mutate.draw import Mutant, drawn, every_mutant

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("portal", "plugins", "migrations", "tests", "tools", "pyproject.toml")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".mypy_cache")
INVENTORY = (
    "test_stock.py",
    "test_stock_rules.py",
    "test_ledger_machine.py",
    "test_items.py",
    "test_import.py",
    "counting/test_counting.py",
    "counting/test_count_planning.py",
    "counting/test_count_review.py",
    "ordering/test_ordering.py",
    "test_asking.py",
    "test_alerts.py",
    "test_labels.py",
)
# What decides fastest comes first: tables, then every cell, then what is read, then the plugin.
SUITES = (
    "tests/policy/test_tables.py",
    "tests/policy/test_schema.py",
    "tests/policy/test_refused.py",
    "tests/policy/test_services.py",
    "tests/policy/test_work_services.py",
    "tests/policy/test_buying_services.py",
    "tests/policy/test_record_services.py",
    "tests/policy/test_dates_services.py",
    "tests/policy/test_buttons.py",
    "tests/policy/test_matrix.py",
    "tests/policy/test_canaries.py",
    "tests/policy/test_found.py",
    "tests/policy/test_hostile_queries.py",
    *(f"plugins/inventory/tests/{name}" for name in INVENTORY),
)
BEHAVIOUR = tuple(s for s in SUITES if not s.endswith(("test_tables.py", "test_schema.py")))
NEEDED = 0.95
LONGEST = 3600  # seconds for the unbroken code
LONGER = 4  # A mutant that takes so many times as long as the unbroken code never ends: noticed.
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+\.py(?:::\S.*?)?)(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True)
class Verdict:
    """What became of one mutant."""

    mutant: Mutant
    noticed_by: str  # the first test that failed; empty: none did
    seconds: float


def equivalents() -> dict[str, str]:
    """Return the beginning of a mutant's name -> why nothing changes with it."""
    text = (Path(__file__).parent / "equivalent.toml").read_text(encoding="utf-8")
    return {line["mutant"]: line["reason"] for line in tomllib.loads(text).get("equivalent", [])}


@contextmanager
def copied(tree: Path) -> Iterator[Path]:
    """Yield a copy of what the suites need of a tree; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="kantor-mutant-") as folder:
        copy = Path(folder)
        for name in COPIED:
            source = tree / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=LEFT_OUT)
            else:
                shutil.copy(source, copy / name)
        yield copy


def try_out(tree: Path, mutant: Mutant, suites: tuple[str, ...], longest: float) -> Verdict:
    """Run the suites against a copy with this mutant in it."""
    began = time.monotonic()
    with copied(tree) as copy:
        mutant.apply(copy)
        noticed = failing(copy, suites, mutant.database, longest)
    return Verdict(mutant, noticed, time.monotonic() - began)


def failing(copy: Path, suites: tuple[str, ...], database: str, longest: float = LONGEST) -> str:
    """Return the first test that fails on this kind of database, or nothing."""
    paths = [copy, copy / "plugins" / "inventory"]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(copy),
    }
    other = "sqlite" if database == "postgresql" else "postgresql"
    command = [sys.executable, "-m", "pytest", *suites, "-x", "-q", "--tb=line"]
    command += ["-k", f"not {other}", "-p", "no:randomly", "-p", "no:cacheprovider"]
    try:
        done = subprocess.run(
            command,
            cwd=copy,
            env=environment,
            capture_output=True,
            text=True,
            timeout=longest,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "the time limit"
    if done.returncode == 0:
        return ""
    found = FAILED.search(done.stdout)
    return found[1] if found else f"the start of the tests: {done.stderr[-500:].strip()}"


def main() -> None:
    """Print what became of each mutant; end with 1 when too few were noticed."""
    parser = argparse.ArgumentParser(description="Break the code and count who notices")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--number", type=int, default=20)
    parser.add_argument("--list", action="store_true", help="print every mutant and end")
    parser.add_argument("--only", help="try the mutants whose name holds these words")
    parser.add_argument("--behaviour", action="store_true", help="without the tables' own tests")
    asked = parser.parse_args()
    known = equivalents()
    with copied(ROOT) as tree:
        every = every_mutant(tree)
        counted = [m for m in every if not any(m.name.startswith(name) for name in known)]
        unused = [n for n in known if not any(m.name.startswith(n) for m in every)]
        if unused:
            print("equivalent.toml names mutants that are not there:", *unused, sep="\n")
        if asked.list:
            print("\n".join(mutant.name for mutant in counted))
            return
        there = offered()
        chosen = drawn(
            [m for m in counted if m.database in there and (asked.only or "") in m.name],
            asked.seed,
            asked.number,
        )
        kinds = Counter(mutant.kind for mutant in chosen)
        print(
            f"{len(every)} mutants, {len(every) - len(counted)} of them equivalent;"
            f" {len(chosen)} drawn with seed {asked.seed}:"
            f" {', '.join(f'{n} {kind}' for kind, n in sorted(kinds.items()))}",
            flush=True,
        )
        sys.exit(0 if _all_tried(tree, chosen, BEHAVIOUR if asked.behaviour else SUITES) else 1)


def _all_tried(tree: Path, chosen: list[Mutant], suites: tuple[str, ...]) -> bool:
    noticed, longest = 0, 0.0
    with ThreadPoolExecutor(2) as pool:
        for database in sorted({mutant.database for mutant in chosen}, reverse=True):
            began = time.monotonic()
            if failed := failing(tree, suites, database):
                sys.exit(f"the unbroken code fails on {database}, so nothing is shown: {failed}")
            took = time.monotonic() - began
            longest = max(longest, LONGER * took)
            print(f"the unbroken code passes on {database} ({took:.0f} s)", flush=True)
        for verdict in pool.map(lambda mutant: try_out(tree, mutant, suites, longest), chosen):
            noticed += bool(verdict.noticed_by)
            word = f"noticed by {verdict.noticed_by}" if verdict.noticed_by else "SURVIVED"
            print(f"{verdict.mutant.name}\n    {word} ({verdict.seconds:.0f} s)", flush=True)
    print(f"{noticed} of {len(chosen)} noticed", flush=True)
    return bool(chosen) and noticed >= NEEDED * len(chosen)


if __name__ == "__main__":
    main()
