"""Two people type in the same thing at the same moment: the later one reads it beside the field."""

from functools import partial

from sqlalchemy import select

from kantor_inventory.models import Category, Item
from portal.testing import together

from .test_pages import text_of

CLIENTS = 6


def sent_at_once(as_role, address, form):
    """Send a form from several browsers at the same moment, each by itself; return the answers."""
    acts = []
    for number in range(CLIENTS):
        told = form | {"note": f"typed by {number}"}
        acts.append(partial(as_role("office_manager").post, address, data=told))
    return list(enumerate(together(*acts)))


def test_one_code_is_given_once_and_nothing_typed_is_lost(shop, as_role):
    form = {"name": "Glue stick", "sku": "DSK-013", "unit": "stick", "mode": "perpetual"}
    answers = sent_at_once(as_role, "/inventory/items/new", form)
    refused = [(number, page) for number, page in answers if page.status_code == 422]
    assert sorted(page.status_code for _, page in answers) == [303, *[422] * (CLIENTS - 1)]
    for number, page in refused:
        assert "This is already the code of Glue stick." in text_of(page)
        assert f"typed by {number}" in page.text
    with shop.work(None) as tx:
        assert tx.one(select(Item), sku="DSK-013")


def test_one_category_is_made_once(shop, as_role):
    answers = sent_at_once(as_role, "/inventory/categories/new", {"name": "Glues"})
    assert sorted(page.status_code for _, page in answers) == [303, *[422] * (CLIENTS - 1)]
    for _, page in answers:
        if page.status_code == 422:
            assert "There is already one of this name." in text_of(page)
    with shop.work(None) as tx:
        assert tx.one(select(Category), name="Glues")
