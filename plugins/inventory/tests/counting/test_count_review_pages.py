"""Reviewing a count and posting it as people do, by HTTP."""

import re

from .conftest import count, text_of


def submitted(office, dewi, pens="37", reams="9"):
    count(dewi, office, office.pens, quantity=pens, unit=office.piece())
    count(dewi, office, office.reams, quantity=reams, unit=office.piece(office.shop.ream))
    dewi.post(f"/inventory/counts/{office.count}/submit", data={"missing": "0"})


def test_from_the_review_into_the_books(office, dewi, maya):
    submitted(office, dewi)
    review = f"/inventory/counts/{office.count}/review"
    page = text_of(maya.get(review))
    assert "37 piece counted, 40 piece in the books" in page
    assert "−3 piece" in page
    assert "−Rp 6,900" in page
    maya.post(f"/inventory/counts/{office.count}/agree")
    assert "Post the count" not in text_of(maya.get(review))
    maya.post(f"/inventory/counts/{office.count}/agree", data={"small": "1"})
    assert "Post the count" in text_of(maya.get(review))
    posted = maya.post(f"/inventory/counts/{office.count}/post", data={"missing": "0"})
    assert posted.status_code == 303
    assert office.shop.balance(office.shop.pen, office.shop.shelf)[0] == 37_000
    twice = maya.post(f"/inventory/counts/{office.count}/post", data={"missing": "0"})
    assert twice.status_code == 409
    assert "Maya has posted this count already" in text_of(twice)
    item = text_of(maya.get(f"/inventory/items/{office.shop.pen}"))
    assert "counted 3 piece fewer than the books said" in item
    assert "3 piece missing when counted" in item
    result = maya.get(f"/inventory/counts/{office.count}/result?format=csv").text
    assert "Blue pen" in result
    assert "-3" in result
    assert "1 of 2 lines" in text_of(maya.get("/inventory/counts"))


def test_a_large_difference_is_explained_on_its_page(office, dewi, maya):
    submitted(office, dewi, pens="20")
    address = f"/inventory/counts/lines/{office.pens}/decide"
    page = maya.get(address)
    version = re.search(r'name="version"[^>]*value="(\d+)"', page.text)[1]
    refused = maya.post(address, data={"decision": "keep", "version": version})
    assert refused.status_code == 422
    assert "Say what explains so large a difference." in text_of(refused)
    done = maya.post(
        address, data={"decision": "keep", "version": version, "reason": "Went to the branch"}
    )
    assert done.status_code == 303
    assert maya.post(address, data={"decision": "leave_out", "version": version}).status_code == 409


def label_of(page):
    return " ".join(re.sub(r"<[^>]+>", "", re.search(r'<label for="reason">.*', page)[0]).split())


def test_the_reason_says_when_it_is_needed(office, dewi, maya):
    submitted(office, dewi, pens="20", reams="9")
    pens = maya.get(f"/inventory/counts/lines/{office.pens}/decide").text
    reams = maya.get(f"/inventory/counts/lines/{office.reams}/decide").text
    assert label_of(pens) == "What explains it (needed to keep it)"
    assert label_of(reams) == "What explains it optional"


def test_a_missing_reason_is_asked_for_beside_its_field(office, dewi, maya):
    submitted(office, dewi, pens="20")
    address = f"/inventory/counts/lines/{office.pens}/decide"
    version = re.search(r'name="version"[^>]*value="(\d+)"', maya.get(address).text)[1]
    refused = maya.post(address, data={"decision": "keep", "version": version}).text
    beside = re.search(r'id="reason-error">.*', refused)[0]
    assert "Say what explains so large a difference." in beside
    assert label_of(refused) == "What explains it (needed to keep it)"


def test_what_the_books_held_nothing_of_is_reviewed_at_what_it_is_posted_at(office, dewi, maya):
    office.issue(40_000)
    submitted(office, dewi, pens="12")
    review = f"/inventory/counts/{office.count}/review"
    decide = f"/inventory/counts/lines/{office.pens}/decide"
    page = maya.get(review)
    assert "+12 piece Rp 27,600" in text_of(page)
    assert "Worth of the differences Rp 27,600" in text_of(page)
    form = maya.get(decide)
    assert "Worth Rp 27,600" in text_of(form)
    version = re.search(r'name="version"[^>]*value="(\d+)"', form.text)[1]
    maya.post(decide, data={"decision": "keep", "version": version, "reason": "A carton behind"})
    maya.post(f"/inventory/counts/{office.count}/agree")
    maya.post(f"/inventory/counts/{office.count}/post", data={"missing": "0"})
    assert office.shop.balance(office.shop.pen, office.shop.shelf)[:2] == (12_000, 27_600_00)
    assert "27600" in maya.get(f"/inventory/counts/{office.count}/result?format=csv").text


def test_movements_since_the_count_are_shown_and_can_have_been_in_it(office, dewi, maya):
    count(dewi, office, office.pens, quantity="35", unit=office.piece())
    late = office.issue(5_000)
    count(dewi, office, office.reams, quantity="9", unit=office.piece(office.shop.ream))
    dewi.post(f"/inventory/counts/{office.count}/submit", data={"missing": "0"})
    page = text_of(maya.get(f"/inventory/counts/{office.count}/review"))
    assert "1 movement since this was counted" in page
    address = f"/inventory/counts/lines/{office.pens}/decide"
    form = maya.get(address)
    assert "Issued: −5 piece" in text_of(form)
    version = re.search(r'name="version"[^>]*value="(\d+)"', form.text)[1]
    maya.post(address, data={"decision": "included", "movements": str(late), "version": version})
    maya.post(f"/inventory/counts/{office.count}/agree")
    maya.post(f"/inventory/counts/{office.count}/post", data={"missing": "0"})
    assert office.shop.balance(office.shop.pen, office.shop.shelf)[0] == 35_000


def test_going_back_to_the_review_of_a_posted_count_leads_to_the_count(office, dewi, maya):
    submitted(office, dewi, pens="40")
    address = f"/inventory/counts/{office.count}"
    maya.post(f"{address}/agree")
    maya.post(f"{address}/post", data={"missing": "0"})
    back = maya.get(f"{address}/review")
    assert back.status_code == 303
    assert back.location == address
    assert "This count is posted." in text_of(maya.get(back.location))


def test_what_cannot_be_posted_is_marked_in_the_review(office, dewi, maya):
    submitted(office, dewi, pens="38")
    office.issue(39_000)
    address = f"/inventory/counts/{office.count}"
    maya.post(f"{address}/agree")
    form = maya.get(f"/inventory/counts/lines/{office.pens}/decide")
    version = re.search(r'name="version"[^>]*value="(\d+)"', form.text)[1]
    maya.post(
        f"/inventory/counts/lines/{office.pens}/decide",
        data={"decision": "keep", "version": version},
    )
    refused = maya.post(f"{address}/post", data={"missing": "0"})
    assert refused.status_code == 409
    assert "Only 1 piece of Blue pen left in the books" in text_of(refused)


def test_a_count_is_sent_back_and_counted_again(office, dewi, joko, maya):
    submitted(office, dewi, pens="20")
    address = f"/inventory/counts/lines/{office.pens}/decide"
    version = re.search(r'name="version"[^>]*value="(\d+)"', maya.get(address).text)[1]
    maya.post(address, data={"decision": "recount", "version": version})
    assert maya.post(f"/inventory/counts/{office.count}/back").status_code == 303
    refused = count(dewi, office, office.pens, quantity="40", unit=office.piece())
    assert refused.status_code == 409
    assert "You counted this before." in text_of(refused)
    sheet = text_of(joko.get(f"/inventory/counts/{office.count}/sheet"))
    assert "0 of 1" in sheet
    assert "Copy paper" not in sheet
    assert count(joko, office, office.pens, quantity="40", unit=office.piece()).status_code == 303


def sent_back(office, maya, line):
    address = f"/inventory/counts/lines/{line}/decide"
    version = re.search(r'name="version"[^>]*value="(\d+)"', maya.get(address).text)[1]
    maya.post(address, data={"decision": "recount", "version": version})
    maya.post(f"/inventory/counts/{office.count}/back")


def test_who_counted_first_is_told_that_somebody_else_counts_again(office, dewi, joko, maya):
    submitted(office, dewi, pens="20")
    sent_back(office, maya, office.pens)
    theirs = f"/inventory/counts/lines/{office.pens}"
    sheet = f"/inventory/counts/{office.count}/sheet"
    assert "You counted this before. Somebody else counts it again." in text_of(dewi.get(sheet))
    assert "You counted this before. Let a second person look." in text_of(dewi.get(theirs))
    for page in (sheet, theirs, f"{theirs}?row=1"):
        assert 'name="quantity"' not in dewi.get(page).text
        assert 'name="quantity"' in joko.get(page).text
    count(joko, office, office.pens, quantity="21", unit=office.piece())
    assert "Somebody else counts it again." not in text_of(dewi.get(sheet))


def test_a_recount_leads_past_what_somebody_else_counts_again(office, dewi, joko, maya):
    count(dewi, office, office.pens, quantity="20", unit=office.piece())
    count(joko, office, office.reams, quantity="3", unit=office.piece(office.shop.ream))
    dewi.post(f"/inventory/counts/{office.count}/submit", data={"missing": "0"})
    reams = f"/inventory/counts/lines/{office.reams}/decide"
    version = re.search(r'name="version"[^>]*value="(\d+)"', maya.get(reams).text)[1]
    maya.post(reams, data={"decision": "recount", "version": version})
    sent_back(office, maya, office.pens)
    sheet = f"/inventory/counts/{office.count}/sheet"
    assert f'href="/inventory/counts/lines/{office.reams}">Count one' in dewi.get(sheet).text
    page = dewi.get(f"/inventory/counts/lines/{office.pens}")
    assert f'href="/inventory/counts/lines/{office.reams}">To the next line' in page.text
    done = count(dewi, office, office.reams, quantity="9", unit=office.piece(office.shop.ream))
    assert done.location.endswith(sheet)
    assert "What is left, somebody else counts." in text_of(dewi.get(sheet))


def test_the_page_of_an_item_says_when_it_was_counted(office, dewi, maya):
    submitted(office, dewi, pens="40")
    maya.post(f"/inventory/counts/{office.count}/agree")
    maya.post(f"/inventory/counts/{office.count}/post", data={"missing": "0"})
    assert "Last counted" in text_of(maya.get(f"/inventory/items/{office.shop.pen}"))
