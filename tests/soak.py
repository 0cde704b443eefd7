"""``python -m tests.soak``: what is too long for every test run. Prints its figures; exit 1 on a
loss.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from portal.testing_databases import offered
from tests.hostile.run import run as throw_hostile_forms
from tests.live.ledger import run
from tests.live.server import ROOT

MACHINES = [
    "plugins/inventory/tests/test_ledger_machine.py",
    "plugins/inventory/tests/counting/test_counting_machine.py",
    "plugins/inventory/tests/test_alert_machine.py",
    "plugins/inventory/tests/ordering/test_order_machine.py",
    "plugins/inventory/tests/budgets/test_budget_machine.py",
    "tests/unit/approvals/test_approval_rules.py",
    "tests/unit/delegation/test_delegation_rules.py",
    "tests/unit/roles/test_no_escalation.py",
]
RACES = [
    "plugins/inventory/tests/budgets/test_races.py",
    "plugins/inventory/tests/buying/test_requests_and_budgets.py",
    "plugins/inventory/tests/ordering/test_delivery_pages.py",
    "tests/live/test_racing.py",
    "tests/unit/approvals/test_approval_races.py",
]


def main() -> int:
    """Run the ledger at full length, the kills, fifty rounds of every race, five forms of every
    planted mistake and the long state machines; return the failures.
    """
    options = argparse.ArgumentParser(prog="python -m tests.soak")
    options.add_argument("--kills", type=int, default=40)
    options.add_argument("--issues", type=int, default=200, help="of each of the 8 clients")
    options.add_argument("--without-machines", action="store_true")
    asked = options.parse_args()
    failed = 0
    for kind in offered():
        result = run(kind, clients=8, issues=asked.issues)
        print(f"ledger, 8 clients, each issue sent twice, {kind}: {result}", flush=True)
        failed += not result.right or result.left != 400
        result = run(kind, clients=8, issues=max(asked.issues, 260), kills=asked.kills)
        print(f"ledger, workers killed, {kind}: {result}", flush=True)
        failed += not result.right or result.kills < asked.kills
    environment = os.environ | {"KANTOR_TEST_KILLS": "50"}
    command = [sys.executable, "-m", "pytest", "-q", "tests/background/test_killed_mail.py"]
    failed += subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0
    environment = os.environ | {"KANTOR_TEST_ROUNDS": "50"}
    command = [sys.executable, "-m", "pytest", "-q", *RACES]
    failed += subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0
    environment = os.environ | {"KANTOR_TEST_VARIANTS": "5"}
    command = [sys.executable, "-m", "pytest", "-q", "tests/checking/test_planted.py"]
    failed += subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0
    failed += throw_hostile_forms(200) > 0
    if not asked.without_machines:
        environment = os.environ | {"KANTOR_TEST_EXAMPLES": "500"}
        command = [sys.executable, "-m", "pytest", "-q", *MACHINES]
        failed += subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0
    print("everything held" if not failed else f"{failed} runs lost something")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
