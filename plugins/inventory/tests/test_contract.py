"""What every plugin promises."""

from kantor_inventory import plugin
from portal.testing import check_plugin


def test_the_plugin_keeps_its_promises():
    check_plugin(plugin)
