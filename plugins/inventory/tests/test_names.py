"""Whatever inventory writes into the audit has a name that people read."""

import re
from pathlib import Path

import pytest

import kantor_inventory
from kantor_inventory import plugin
from kantor_inventory.forms import TYPES
from kantor_inventory.services import stock
from portal.api import message
from portal.plugin import Plugin, PluginDefinitionError

SOURCES = Path(kantor_inventory.__file__).parent.rglob("*.py")


def test_every_act_has_a_name():
    acts = {
        name
        for source in SOURCES
        for name in re.findall(r'tx\.audit\(\s*"(inventory\.\w+)"', source.read_text())
    }
    assert len(acts) > 10
    assert acts <= set(plugin.names)


@pytest.mark.parametrize("posted", ["receive", "issue", "transfer", "scrap", "opening", "reversal"])
def test_every_kind_of_movement_that_people_post_has_a_name(posted):
    assert posted in TYPES
    assert f"inventory.stock_{posted}" in plugin.names


def test_every_job_has_a_name():
    assert {job.name for job in plugin.jobs} <= set(plugin.names)


def test_the_audit_says_it_in_words(shop, as_role):
    with shop.work() as tx:
        rule = stock.SetRule(item=shop.pen, place=shop.shelf, minimum=6_000, maximum=None)
        stock.set_rule(tx, rule)
    page = as_role("administrator").get("/audit").text
    assert "Set the limits of a place" in page
    assert "inventory.rule_set" not in page.replace("action=inventory.rule_set", "").replace(
        'value="inventory.rule_set"', ""
    )


def test_a_plugin_names_only_what_is_its_own():
    with pytest.raises(PluginDefinitionError, match=r"must begin with lamps\."):
        Plugin(
            slug="lamps",
            title="Lamps",
            package=__name__,
            names={"core.person_added": message("Nothing")},
        )
