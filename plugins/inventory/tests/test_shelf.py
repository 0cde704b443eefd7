"""The card of a shelf: one tap says that it is nearly empty, the second hears who was first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from kantor_inventory.events import FlagRaised
from kantor_inventory.labels import flags
from kantor_inventory.labels.models import Flag
from kantor_inventory.models import Balance
from kantor_inventory.services import stock
from portal.api import Forbidden
from portal.testing import add_person, counting_statements, sign_in, working_as


@pytest.fixture
def pens(shop):
    """Twenty pens on the shelf of the office, which serves the laboratory too."""
    with shop.work() as tx:
        stock.receive(tx, stock.Receive(item=shop.pen, quantity=20_000, to_place=shop.shelf))
    return shop


def at_shelf(shop, rest="", place=None):
    return f"/inventory/items/{shop.pen}/at/{place or shop.shelf}{rest}"


def tap(shop, person_id):
    client = sign_in(shop.app, person_id)
    answer = client.post(at_shelf(shop, "/nearly-empty"))
    assert answer.status_code == 303
    return client.get(answer.location).text


def standing(shop, role="office_manager"):
    with shop.work(role) as tx:
        return [(row.by, row.item, row.place, row.times) for row in flags.open_flags(tx)]


def rows(shop):
    with shop.work(None) as tx:
        return tx.session.execute(select(Flag.closed_why, Flag.times).order_by(Flag.id)).all()


def days_ago(shop, days):
    """Let what was told have been told some days earlier."""
    with shop.work(None) as tx:
        for flag in tx.session.scalars(select(Flag)):
            flag.raised_at -= timedelta(days=days)
            flag.last_at -= timedelta(days=days)


def test_the_card_opens_what_should_be_there_and_one_big_button(pens, as_role):
    page = as_role("office_manager").get(at_shelf(pens)).text
    assert "There should be" in page
    assert "20 piece" in page
    assert "Nearly empty" in page
    assert f"/inventory/items/{pens.pen}/issue?from_place={pens.shelf}" in page
    assert "Count this place now" in page
    served = sign_in(pens.app, pens.lab_assistant).get(at_shelf(pens)).text
    assert "Count this place now" not in served  # it is not theirs to count


def test_one_tap_is_told_and_the_second_hears_by_whom(pens, world):
    first = tap(pens, world.people["office_manager"])
    assert "Thank you. Whoever orders sees it now." in first
    second = tap(pens, pens.lab_assistant)
    assert "Already told by Office Manager at" in second
    assert "Told by Office Manager:" in second
    assert rows(pens) == [(None, 1)]


def test_who_is_served_by_the_shelf_may_tell(pens):
    assert "Thank you" in tap(pens, pens.lab_assistant)
    assert standing(pens) == [("Lab Assistant", pens.pen, pens.shelf, 1)]
    with pens.work_in_lab() as tx:
        assert len(flags.open_flags(tx)) == 1


def test_who_may_not_see_the_shelf_is_told_nothing_of_it(pens):
    client = sign_in(pens.app, pens.lab_assistant)
    with pens.work() as tx:
        stock.receive(tx, stock.Receive(item=pens.pen, quantity=1_000, to_place=pens.other_shelf))
    for method, rest in (("get", ""), ("post", "/nearly-empty"), ("post", "/enough")):
        answer = getattr(client, method)(at_shelf(pens, rest, pens.other_shelf))
        assert answer.status_code == 404
    assert rows(pens) == []


@pytest.mark.parametrize("path", ["/inventory/items/x/at/{shelf}", "/inventory/items/{pen}/at/x"])
def test_a_shelf_that_is_not_there_is_not_found(pens, as_role, path):
    assert as_role("office_manager").get(path.format(**vars(pens))).status_code == 404


def test_six_taps_at_once_are_one(pens, world):
    def once(_):
        with working_as(pens.app, world.people["office_manager"]) as tx:
            return flags.tell(tx, flags.shelf(tx, pens.pen, pens.shelf)).new

    with ThreadPoolExecutor(3) as pool:
        new = list(pool.map(once, range(6)))
    assert new.count(True) == 1
    assert rows(pens) == [(None, 1)]


def test_told_again_on_another_day_it_counts_the_days(pens, world):
    tap(pens, pens.lab_assistant)
    days_ago(pens, 2)
    page = tap(pens, world.people["office_manager"])
    assert "Thank you" in page
    assert "Told by Lab Assistant, and again since on 1 day:" in page
    assert rows(pens) == [(None, 2)]


def test_a_receipt_closes_it_and_the_next_tap_begins_anew(pens, world):
    tap(pens, pens.lab_assistant)
    with pens.work() as tx:
        stock.receive(tx, stock.Receive(item=pens.pen, quantity=1_000, to_place=pens.shelf))
    assert standing(pens) == []
    tap(pens, world.people["office_manager"])
    assert rows(pens) == [("received", 1), (None, 1)]


def test_what_is_carried_to_the_shelf_closes_it_and_what_leaves_it_does_not(pens):
    with pens.work() as tx:
        stock.receive(tx, stock.Receive(item=pens.pen, quantity=9_000, to_place=pens.other_shelf))
    tap(pens, pens.lab_assistant)
    with pens.work() as tx:
        stock.issue(
            tx,
            stock.Issue(
                item=pens.pen, quantity=1_000, from_place=pens.shelf, for_department=pens.office
            ),
        )
    assert len(standing(pens)) == 1
    with pens.work() as tx:
        stock.transfer(
            tx,
            stock.Transfer(
                item=pens.pen, quantity=1_000, from_place=pens.other_shelf, to_place=pens.shelf
            ),
        )
    assert rows(pens) == [("received", 1)]


def test_a_count_that_was_posted_later_knows_better(pens, world):
    tap(pens, pens.lab_assistant)
    days_ago(pens, 1)
    with pens.work(None) as tx:
        tx.session.execute(update(Balance).where(~Balance.outside).values(counted_at=tx.now))
    assert standing(pens) == []
    tap(pens, world.people["office_manager"])
    assert rows(pens) == [("counted", 1), (None, 1)]


def test_whoever_told_takes_it_back(pens):
    tap(pens, pens.lab_assistant)
    client = sign_in(pens.app, pens.lab_assistant)
    assert "It is not empty after all" in client.get(at_shelf(pens)).text
    client.post(at_shelf(pens, "/enough"))
    assert rows(pens) == [("enough", 1)]
    assert client.post(at_shelf(pens, "/enough")).status_code == 303  # nothing to take back


def test_who_issues_there_takes_it_back_and_another_who_only_looks_does_not(pens, as_role):
    tap(pens, pens.lab_assistant)
    with pens.work(None) as tx:
        lab = pens.world.departments["lab"]
        other = add_person(tx, "Another", department_id=lab, role="assistant")
    page = sign_in(pens.app, other).get(at_shelf(pens)).text
    assert "It is not empty after all" not in page
    assert sign_in(pens.app, other).post(at_shelf(pens, "/enough")).status_code == 403
    with working_as(pens.app, other) as tx, pytest.raises(Forbidden):
        flags.take_back(tx, flags.shelf(tx, pens.pen, pens.shelf))
    assert as_role("office_manager").post(at_shelf(pens, "/enough")).status_code == 303
    assert rows(pens) == [("enough", 1)]


def test_telling_is_in_the_audit_and_told_to_whoever_listens(pens, as_role):
    with pens.work() as tx:
        flags.tell(tx, flags.shelf(tx, pens.pen, pens.shelf))
        assert [type(event) for event in tx.events] == [FlagRaised]
        flags.tell(tx, flags.shelf(tx, pens.pen, pens.shelf))
        assert len(tx.events) == 1
    assert "Told that a shelf is nearly empty" in as_role("administrator").get("/audit").text


def test_the_form_sent_twice_is_done_once(pens, as_role):
    client = as_role("office_manager")
    data = {"_key": "one-and-the-same-key"}
    first = client.post(at_shelf(pens, "/nearly-empty"), data=data)
    second = client.post(at_shelf(pens, "/nearly-empty"), data=data)
    assert (first.status_code, second.status_code) == (303, 303)
    assert rows(pens) == [(None, 1)]


def test_the_page_and_the_tap_take_few_statements(pens, as_role, portal_app):
    client = as_role("office_manager")
    client.post(at_shelf(pens, "/nearly-empty"))
    with counting_statements(portal_app) as seen:
        client.get(at_shelf(pens))
    assert len(seen) <= 6


def test_a_flag_stands_once_at_most_whatever_happens(pens):
    with pens.work(None) as tx:
        count = select(func.count()).select_from(Flag).where(Flag.closed_at.is_(None))
        assert tx.session.scalar(count) == 0
