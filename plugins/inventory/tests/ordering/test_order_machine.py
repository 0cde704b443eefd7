"""Orders by lot against a model of a few lines: whatever people do, the figures agree."""

from dataclasses import dataclass, field
from random import Random

import pytest

from kantor_inventory.ordering.services import placing, receiving
from kantor_inventory.ordering.states import TRANSITIONS, Facts, NotNow, possible, step
from kantor_inventory.services import stock
from portal.api import Conflict, NotFound, ValidationFailed

BOX = 12_000
STEPS = 30


@dataclass
class Model:
    """One list or order of four boxes at a time."""

    status: str = "none"
    outstanding: int = 0
    received: int = 0
    ordered: int = 4
    on_hand: int = 5_000
    came: list = field(default_factory=list)  # (movement, boxes) that may be taken back

    def may(self, action, boxes=0):
        match action:
            case "want":
                return self.status in ("none", "received", "closed_short", "cancelled")
            case "place":
                return self.status == "draft"
            case "cancel":
                return self.status == "placed" and not self.received
            case "close_short":
                return self.status == "placed" and bool(self.received)
            case "receive":
                return self.status == "placed" and 0 < boxes <= self.outstanding
            case "amend":
                left = self.outstanding + boxes - self.ordered
                return self.status == "placed" and left >= 0 and boxes != self.ordered
            case "take_back":
                return bool(self.came)
        raise AssertionError(action)

    def did(self, action, boxes=0, movement=None):
        match action:
            case "want":
                self.status, self.outstanding, self.received, self.came = "draft", 0, 0, []
                self.ordered = 4
            case "amend":
                self.outstanding += boxes - self.ordered
                self.ordered = boxes
                self.status = "placed" if self.outstanding else "received"
            case "place":
                self.status, self.outstanding = "placed", 4
            case "cancel":
                self.status, self.outstanding = "cancelled", 0
            case "close_short":
                self.status, self.outstanding = "closed_short", 0
            case "receive":
                self.outstanding -= boxes
                self.received += boxes
                self.on_hand += boxes * BOX
                self.came.append((movement, boxes))
                self.status = "placed" if self.outstanding else "received"
            case "take_back":
                _, boxes = self.came.pop()
                self.received -= boxes
                self.on_hand -= boxes * BOX
                if self.status in ("placed", "received"):
                    self.outstanding += boxes
                    self.status = "placed"


def chance_of_whole(model):
    """Return whether it is a whole delivery that is taken back this time."""
    return len(model.came) % 2 == 0


def act(office, model, action, boxes):
    """Do it to the portal; return the movement, if one came of it."""
    match action:
        case "want":
            office.want()
        case "place":
            office.place()
        case "cancel":
            office.end(placing.cancel)
        case "close_short":
            office.end(placing.close_short)
        case "receive":
            return office.receive(boxes * 1_000)[0].public_id
        case "amend":
            office.amend(boxes)
        case "take_back" if chance_of_whole(model):
            taken = [row for row in office.deliveries() if row.reversed_at is None]
            office.take_back(taken[-1].public_id)
        case "take_back":
            with office.shop.work() as tx:
                stock.reverse(tx, stock.Reverse(movement=model.came[-1][0], note="wrong"))
    return None


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_done_the_figures_are_those_of_the_model(office, seed):
    chance, model = Random(seed), Model()
    actions = ("want", "place", "cancel", "close_short", "receive", "amend", "receive", "take_back")
    for _ in range(STEPS):
        action, boxes = chance.choice(actions), chance.randint(1, 5)
        if action == "want" and not model.may("want"):
            continue  # On the list it is told, and nothing changes.
        if model.may(action, boxes):
            model.did(action, boxes, act(office, model, action, boxes))
        elif model.status != "none" and action != "take_back":
            with pytest.raises((Conflict, ValidationFailed)):
                act(office, model, action, boxes)
        if model.status != "none":
            line = office.lines()[-1]
            assert line.received + line.outstanding <= line.ordered
        balance = office.balance()
        assert (balance.quantity, balance.on_order) == (model.on_hand, model.outstanding * BOX)
        assert balance.to_order == (balance.quantity + balance.on_order < 20_000)
        if model.status != "none":
            assert office.order().status == model.status


def test_the_table_leads_nowhere_out_of_an_end():
    ends = {row.target for row in TRANSITIONS} - {row.source for row in TRANSITIONS}
    assert ends == {"cancelled", "closed_short"}
    assert {row.source for row in TRANSITIONS} == {"draft", "placed", "received"}


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: f"{row.source}-{row.action}")
@pytest.mark.parametrize("lines", [0, 2])
@pytest.mark.parametrize("received", [False, True])
@pytest.mark.parametrize("outstanding", [False, True])
def test_one_step_at_most_fits_the_facts(row, lines, received, outstanding):
    facts = Facts(lines=lines, received=received, outstanding=outstanding)
    fitting = [one for one in possible(row.source, row.action) if one.guard(facts)]
    assert len(fitting) <= 1
    if not fitting:
        with pytest.raises(NotNow):
            step(row.source, row.action, facts)


def test_what_is_named_on_no_line_of_the_order_is_not_received(office):
    office.want()
    office.place()
    command = office.came(1_000)
    other = receiving.Came(line="nothing12345", unit=office.shop.box, quantity=1_000)
    with office.shop.work() as tx, pytest.raises(NotFound):
        receiving.receive(
            tx,
            receiving.Receive(order=command.order, version=command.version, came=(other,)),
        )
