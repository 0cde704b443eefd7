"""``python -m tests.journeys [NAME]``: live through the journeys and write their pages anew."""

from __future__ import annotations

import sys

from . import count_to_order, first_day, manager_away, own_plugin, record_followed

JOURNEYS = {
    "1-first-day": first_day.travel,
    "2-count-to-order": count_to_order.travel,
    "3-the-manager-is-away": manager_away.travel,
    "4-a-plugin-in-an-hour": own_plugin.travel,
    "5-a-record-followed": record_followed.travel,
}


def main(names: list[str]) -> int:
    """Run the named journeys, or all; return 1 when one of them is unknown."""
    if unknown := [name for name in names if name not in JOURNEYS]:
        print(f"no journey {', '.join(unknown)}; there is {', '.join(JOURNEYS)}")
        return 1
    for name in names or JOURNEYS:
        print(f"{JOURNEYS[name]().write()} is written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
