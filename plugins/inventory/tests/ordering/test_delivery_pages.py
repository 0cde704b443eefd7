"""The papers, the sending and the deliveries of orders as people use them, by HTTP."""

import os
import re
from collections import Counter
from functools import partial

import pytest
from sqlalchemy import select

from kantor_inventory.models import Supplier
from kantor_inventory.ordering.models import Sending
from portal.api import ContactPoint
from portal.testing import pdf_pages, require_pdf, run_jobs, together

ROUNDS = int(os.environ.get("KANTOR_TEST_ROUNDS", "5"))
CLIENTS = 8


@pytest.fixture
def ordered(office):
    """The office with four boxes of pens on order, and where its pages lie."""
    office.want()
    office.place(placed_with="Ibu Sari", confirmation="TK-77")
    office.address = f"/inventory/orders/{office.order().public_id}"
    return office


def text_of(answer):
    """Return the words of a page."""
    assert answer.status_code < 500, answer.text[-2000:]
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split()).replace(" .", ".")


def typed(office, quantity="1", note="SJ-1", **more):
    """Return the form that receives so many boxes with a delivery note."""
    line = office.lines()[0].public_id
    form = {f"quantity-{line}": quantity, f"unit-{line}": office.shop.box, "delivery_note": note}
    form |= {f"{name}-{line}": value for name, value in more.items()}
    return form | {"version": str(office.order().version)}


def at_once(clients, address, form):
    """Send one form from all browsers together; return what each was answered."""
    return together(*(partial(client.post, address, data=form) for client in clients))


def test_one_delivery_note_from_eight_at_once_is_booked_once(office, as_role):
    clients = [as_role("office_manager") for _ in range(CLIENTS)]
    office.want(packs=5)
    office.place()
    address = f"/inventory/orders/{office.order().public_id}/receive"
    for round in range(ROUNDS):
        if not office.lines()[-1].outstanding:
            office.want(packs=5)
            office.place()
            address = f"/inventory/orders/{office.order().public_id}/receive"
        before = office.balance().quantity
        line = office.lines()[-1].public_id
        form = {f"quantity-{line}": "1", f"unit-{line}": office.shop.box}
        form |= {"delivery_note": f"SJ-{round}", "version": str(office.order().version)}
        answers = at_once(clients, address, form)
        assert Counter(one.status_code for one in answers) == {303: 1, 409: CLIENTS - 1}
        booked = office.deliveries()[-1].public_id
        for refused in (one for one in answers if one.status_code == 409):
            assert f"booked delivery note SJ-{round} on" in text_of(refused)
            assert f'href="/inventory/deliveries/{booked}"' in refused.text
        assert office.balance().quantity == before + 12_000
    assert len(office.deliveries()) == ROUNDS


def test_who_is_later_keeps_what_they_typed_also_when_all_has_come(ordered, as_role):
    keeper = as_role("office_manager")
    late = typed(ordered, "4", note="SJ-9", noted="4") | {"note": "Two boxes are wet"}
    ordered.receive(4_000, delivery_note="SJ-9")
    answer = keeper.post(f"{ordered.address}/receive", data=late)
    assert answer.status_code == 409
    assert "booked delivery note SJ-9 on" in text_of(answer)
    assert "48 piece ordered, 48 came before" in text_of(answer)
    assert 'value="Two boxes are wet"' in answer.text
    answer = keeper.post(f"{ordered.address}/receive", data=late | {"delivery_note": ""})
    assert answer.status_code == 409
    assert 'value="Two boxes are wet"' in answer.text
    answer = keeper.post(f"{ordered.address}/receive", data=late | {"all": "1"})
    assert "booked delivery note SJ-9 on" in text_of(answer)
    assert len(ordered.deliveries()) == 1


def test_who_read_an_older_order_reads_what_came_and_sends_it_again(ordered, as_role):
    keeper, late = as_role("office_manager"), typed(ordered, "1", note="SJ-8")
    ordered.receive(1_000, delivery_note="SJ-7")
    answer = keeper.post(f"{ordered.address}/receive", data=late)
    assert answer.status_code == 409
    assert "Somebody else saved this while you were editing it." in text_of(answer)
    assert "48 piece ordered, 12 came before" in text_of(answer)
    version = re.search(r'name="version"[^>]*value="(\d+)"', answer.text)[1]
    answer = keeper.post(f"{ordered.address}/receive", data=late | {"version": version})
    assert answer.status_code == 303
    assert [one.delivery_note for one in ordered.deliveries()] == ["SJ-7", "SJ-8"]


def test_all_came_as_ordered_is_one_press(ordered, as_role):
    form = {"all": "1", "delivery_note": "SJ-2", "version": str(ordered.order().version)}
    assert as_role("assistant").post(f"{ordered.address}/receive", data=form).status_code == 303
    assert (ordered.order().status, ordered.balance().quantity) == ("received", 53_000)


def test_all_the_rest_as_ordered_keeps_what_was_typed_and_says_what_is_left(ordered, as_role):
    keeper = as_role("assistant")
    form = typed(ordered, "3") | {"all": "1"}
    said = keeper.post(f"{ordered.address}/receive", data=form, follow_redirects=True)
    assert "What has not come stays on order." in said.text
    assert (ordered.order().status, ordered.balance().quantity) == ("placed", 41_000)
    form = typed(ordered, "", note="SJ-4") | {"all": "1"}
    said = keeper.post(f"{ordered.address}/receive", data=form, follow_redirects=True)
    assert "Nothing of this order is still to come." in said.text
    assert "stays on order" not in said.text
    assert (ordered.order().status, ordered.balance().quantity) == ("received", 53_000)


@pytest.mark.parametrize("more", [{"rejected": "1", "reason": "wet"}, {"noted": "4"}])
@pytest.mark.parametrize("pressed", [{}, {"all": "1"}])
def test_a_figure_beside_an_empty_line_is_asked_about_and_never_dropped(
    ordered, as_role, more, pressed
):
    form = typed(ordered, "", **more) | pressed
    answer = as_role("assistant").post(f"{ordered.address}/receive", data=form)
    assert answer.status_code == 422
    assert "Say first how much has come, all of it." in answer.text
    assert ordered.order().status == "placed"


def test_enter_in_a_field_books_what_was_typed_and_never_everything(ordered, as_role):
    page = as_role("assistant").get(f"{ordered.address}/receive").text
    form = page[page.index(f'action="{ordered.address}/receive') :]
    pressed_by_enter = re.search(r"<button[^>]*>", form)[0]
    assert "name=" not in pressed_by_enter
    assert form.index(pressed_by_enter) < form.index('name="all"')


def test_a_delivery_with_something_wrong_is_shown_line_by_line(ordered, as_role):
    keeper = as_role("office_manager")
    form = typed(ordered, "3", noted="4", rejected="1", reason="wet")
    assert keeper.post(f"{ordered.address}/receive", data=form).status_code == 303
    page = text_of(keeper.get(f"/inventory/deliveries/{ordered.deliveries()[0].public_id}"))
    assert "48 piece ordered, 0 came before, 48 on the delivery note, 36 counted" in page
    assert "12 piece not kept: wet. It is still to come." in page
    assert "The paper and the count differ." in page
    told = text_of(keeper.get(ordered.address))
    assert "Blue pen: 24 piece kept, 12 piece not: wet" in told
    assert "Partly received" in told


def test_too_much_is_refused_with_a_choice_beside_the_line(ordered, as_role):
    keeper = as_role("office_manager")
    answer = keeper.post(f"{ordered.address}/receive", data=typed(ordered, "5"))
    assert answer.status_code == 409
    assert re.search(r"<details[^>]* open>.*More than was ordered", answer.text, re.DOTALL)
    form = typed(ordered, "5", over="return")
    assert keeper.post(f"{ordered.address}/receive", data=form).status_code == 303
    page = text_of(keeper.get(f"/inventory/deliveries/{ordered.deliveries()[0].public_id}"))
    assert "12 piece more than was ordered went back." in page


def test_a_delivery_is_taken_back_from_its_page(ordered, as_role):
    ordered.receive(1_000, delivery_note="SJ-3")
    keeper, address = (
        as_role("office_manager"),
        f"/inventory/deliveries/{ordered.deliveries()[0].public_id}",
    )
    assert f'href="{address}/reverse"' in keeper.get(address).text
    assert f'href="{address}/reverse"' not in as_role("assistant").get(address).text
    assert as_role("assistant").get(f"{address}/reverse").status_code == 403
    assert keeper.post(f"{address}/reverse", data={"reason": ""}).status_code == 422
    assert keeper.post(f"{address}/reverse", data={"reason": "wrong order"}).status_code == 303
    page = text_of(keeper.get(address))
    assert "Taken back by" in page
    assert "wrong order" in page
    assert ordered.balance().on_order == 48_000


def test_the_paper_is_a_purchase_order_in_both_languages(ordered, as_role):
    require_pdf()
    keeper = as_role("office_manager")
    number = ordered.order().number
    for language, said in (
        ("en", (f"Purchase order {number}", "Deliver to", "Shelf A1", "Rp 96,000", "Toko Kertas")),
        ("id", (f"Pesanan pembelian {number}", "Kirim ke", "Shelf A1", "Rp 96.000")),
    ):
        answer = keeper.get(f"{ordered.address}/print?format=pdf&language={language}")
        assert answer.mimetype == "application/pdf"
        pages = " ".join(" ".join(pdf_pages(answer.data)).split())
        assert [words for words in said if words not in pages] == []


def test_prices_are_on_the_paper_only_for_who_may_see_them(ordered, as_role):
    page = text_of(as_role("assistant").get(f"{ordered.address}/print"))
    assert "Blue pen" in page
    assert "24,000" not in page
    assert "96,000" not in page


def test_an_old_amendment_stays_as_it_was(ordered, as_role):
    keeper = as_role("office_manager")
    ordered.amend(6)
    first = text_of(keeper.get(f"{ordered.address}/print?amendment=1"))
    assert f"Amendment 1 to {ordered.order().number}" in first
    assert "they asked" in first
    ordered.amend(5)
    assert text_of(keeper.get(f"{ordered.address}/print?amendment=1")) == first
    whole = text_of(keeper.get(f"{ordered.address}/print?amendment=0"))
    assert "Purchase order" in whole
    for unknown in ("3", "-1", "x", "1e3"):
        assert keeper.get(f"{ordered.address}/print?amendment={unknown}").status_code == 404


def test_an_order_is_changed_on_its_page_and_then_sent(ordered, as_role):
    keeper, line = as_role("office_manager"), ordered.lines()[0]
    form = {
        "version": str(ordered.order().version),
        f"packs-{line.public_id}": "6",
        f"price-{line.public_id}": "24000",
        f"expected_on-{line.public_id}": line.expected_on.isoformat(),
        "reason": "we need more",
    }
    answer = keeper.post(f"{ordered.address}/amend", data=form)
    assert answer.location == f"{ordered.address}/send"
    page = text_of(keeper.get(ordered.address))
    assert "Amendment 1 is not sent yet" in page
    assert "changed the order: amendment 1" in page
    assert "Blue pen, quantity: 4 box 6 box" in page
    assert keeper.post(f"{ordered.address}/amend", data=form).status_code == 409
    form = {"channel": "fax", "recipient": "", "language": "en", "amendment": "1", "attempt": "7"}
    answer = keeper.post(f"{ordered.address}/send", data=form)
    assert answer.status_code == 409  # Nobody has sent it, so nobody is said to have.
    assert "The order was changed meanwhile." in text_of(answer)
    assert keeper.post(f"{ordered.address}/send", data=form | {"attempt": "1"}).status_code == 303


def test_less_than_came_is_said_beside_the_field(ordered, as_role):
    ordered.receive(2_000)
    line = ordered.lines()[0]
    form = {
        "version": str(ordered.order().version),
        f"packs-{line.public_id}": "1",
        f"expected_on-{line.public_id}": line.expected_on.isoformat(),
        "reason": "less",
    }
    answer = as_role("office_manager").post(f"{ordered.address}/amend", data=form)
    assert answer.status_code == 422
    assert "24 piece have come already." in text_of(answer)


def test_how_an_order_was_told_is_kept_and_told_once(ordered, as_role):
    keeper = as_role("office_manager")
    told = text_of(keeper.get(ordered.address))
    assert "told the supplier of the order, by Phone" in told
    assert "Who took it: Ibu Sari, Their number: TK-77" in told
    form = {"channel": "fax", "recipient": "Pak Budi", "language": "id", "amendment": "0"}
    first = {"attempt": "2"} | form
    assert keeper.post(f"{ordered.address}/send", data=first).status_code == 303
    again = keeper.post(f"{ordered.address}/send", data=first)
    assert again.status_code == 409
    assert "sent this order already, on" in text_of(again)
    with ordered.shop.work(None) as tx:
        assert len(tx.session.scalars(select(Sending)).all()) == 2


def test_what_they_confirmed_moves_the_expected_day(ordered, as_role):
    keeper, day = as_role("assistant"), ordered.order().expected_on.replace(day=28)
    form = {
        "version": str(ordered.order().version),
        "confirmed_on": ordered.order().placed_at.date().isoformat(),
        "number": "AB-12",
        "promised_on": day.isoformat(),
    }
    if day < ordered.order().placed_at.date():
        form["promised_on"] = ""
    assert keeper.post(f"{ordered.address}/confirm", data=form).status_code == 303
    page = text_of(keeper.get(ordered.address))
    assert "noted that the supplier confirmed" in page
    assert "Their number: AB-12" in page
    assert "Confirmed" in text_of(keeper.get("/inventory/orders?view=placed"))


@pytest.fixture
def to_mail(ordered):
    """The order, whose supplier has an e-mail address."""
    with ordered.shop.work(None) as tx:
        supplier = tx.one(select(Supplier), public_id=ordered.supplier)
        point = ContactPoint(kind="email", value="jual@kertas.example")
        supplier.contact.points.append(point)
    return ordered


MAIL = {
    "channel": "email",
    "recipient": "jual@kertas.example",
    "subject": "Our order",
    "text": "Please deliver soon.",
    "language": "id",
    "amendment": "0",
    "attempt": "2",
}


def test_an_order_is_mailed_once_with_its_paper(to_mail, as_role, portal_mail):
    require_pdf()
    keeper, address = as_role("office_manager"), f"{to_mail.address}/send"
    page = keeper.get(f"{address}?language=id").text
    assert 'value="jual@kertas.example"' in page
    assert f"pesanan pembelian kami {to_mail.order().number}" in page
    answers = at_once([as_role("office_manager") for _ in range(4)], address, MAIL)
    assert Counter(one.status_code for one in answers) == {303: 1, 409: 3}
    run_jobs(to_mail.shop.app)
    (mail,) = portal_mail.taken
    assert mail.recipients == ["jual@kertas.example"]
    assert mail.message["Subject"] == "Our order"
    assert mail.body.strip() == "Please deliver soon."
    (paper,) = mail.message.iter_attachments()
    assert paper.get_filename() == f"{to_mail.order().number}-id.pdf"
    words = " ".join(" ".join(pdf_pages(paper.get_content())).split())
    assert f"Pesanan pembelian {to_mail.order().number}" in words
    assert "mailed the order to jual@kertas.example" in text_of(keeper.get(to_mail.address))
    assert keeper.post(address, data=MAIL | {"attempt": "3"}).status_code == 303
    run_jobs(to_mail.shop.app)
    assert len(portal_mail.taken) == 2


@pytest.mark.parametrize("recipient", ["", "nobody", "a@b.example, c@d.example"])
def test_a_mail_to_nobody_is_said_beside_the_field(to_mail, as_role, portal_mail, recipient):
    address = f"{to_mail.address}/send"
    answer = as_role("office_manager").post(address, data=MAIL | {"recipient": recipient})
    assert answer.status_code == 422
    assert "Please deliver soon." in answer.text
    assert portal_mail.taken == []


def test_without_a_mail_server_the_page_says_so_and_offers_the_paper(to_mail, as_role):
    keeper = as_role("office_manager")
    page = keeper.get(f"{to_mail.address}/send")
    assert "This portal sends no mail: no mail server is set up" in text_of(page)
    assert "format=pdf" in page.text
    assert keeper.post(f"{to_mail.address}/send", data=MAIL).status_code == 303
    assert "told the supplier of the order, by E-mail" in text_of(keeper.get(to_mail.address))
    with to_mail.shop.work(None) as tx:
        told = tx.session.scalars(select(Sending).order_by(Sending.id.desc())).first()
        assert (told.channel, told.subject, told.text) == ("email", "", "")
