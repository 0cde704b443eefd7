"""Several people at the same request at the same moment, by HTTP: each line is settled once."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from kantor_inventory.asking.models import Requisition
from kantor_inventory.models import Movement


def answer_form(line, unit, quantity="5", action="hand_out", note="Never mind"):
    said = {"action": action, "quantity": quantity, "unit": unit, "note": note}
    return {f"{line}-{name}": value for name, value in said.items()}


def at_once(*calls):
    """Return the statuses of requests that are sent together."""
    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(call) for call in calls]
        return [future.result().status_code for future in futures]


def handed_out(room):
    with room.shop.work(None) as tx:
        return len(tx.session.scalars(select(Movement.id).filter_by(type="issue")).all())


def test_two_who_hand_out_at_once_hand_out_once(room):
    request, line = room.ask()
    form = answer_form(line, room.pieces[room.shop.pen])
    address = f"/inventory/requests/{request}/answer"
    clients = [room.client(who) for who in ("keeper", "second", "keeper")]
    found = at_once(*(lambda c=client: c.post(address, data=dict(form)) for client in clients))
    assert sorted(found) == [303, 409, 409]
    assert room.left() == 95_000
    assert handed_out(room) == 1
    assert room.line(line)[:2] == ("handed_out", 5_000)


def test_a_request_is_either_withdrawn_or_answered(room):
    request, line = room.ask()
    form = answer_form(line, room.pieces[room.shop.pen])
    keeper, clerk = room.client("keeper"), room.client("clerk")
    page = f"/inventory/requests/{request}"
    found = at_once(
        lambda: keeper.post(f"{page}/answer", data=form), lambda: clerk.post(f"{page}/withdraw")
    )
    assert sorted(found) == [303, 409]
    state = room.line(line)[0]
    assert (state, room.left()) in (("handed_out", 95_000), ("withdrawn", 100_000))
    assert handed_out(room) == (1 if state == "handed_out" else 0)


def test_the_last_of_a_shelf_goes_to_one_request(room):
    lines = [room.ask(quantity=60_000) for _ in range(2)]
    clients = [room.client(who) for who in ("keeper", "second")]
    calls = []
    for client, (request, line) in zip(clients, lines, strict=True):
        form = answer_form(line, room.pieces[room.shop.pen], quantity="60")
        address = f"/inventory/requests/{request}/answer"
        calls.append(lambda c=client, a=address, f=form: c.post(a, data=f))
    assert sorted(at_once(*calls)) == [303, 409]
    assert room.left() == 40_000
    assert sorted(room.line(line)[0] for _, line in lines) == ["asked", "handed_out"]


def test_numbers_have_no_gap_however_many_ask_at_once(room):
    pen = room.shop.pen
    form = {"line": pen, f"{pen}-quantity": "1", f"{pen}-unit": room.pieces[pen]}
    clients = [room.client(who) for who in ("clerk", "other", "assistant")]
    address = f"/inventory/ask/{room.shop.shelf}"
    found = at_once(*(lambda c=client: c.post(address, data=dict(form)) for client in clients))
    assert found == [303, 303, 303]
    with room.shop.work(None) as tx:
        numbers = sorted(tx.session.scalars(select(Requisition.number)))
        assert [number[-4:] for number in numbers] == ["0001", "0002", "0003"]
