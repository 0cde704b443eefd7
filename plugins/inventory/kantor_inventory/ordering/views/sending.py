"""Sending an order to its supplier, and noting what they confirm."""

from __future__ import annotations

from flask import request, url_for

from portal.api import ValidationFailed, message
from portal.web import policy, reading, redirect_to, toast, transaction

from ...views.shared import blueprint, form_page
from ..forms import ConfirmForm, SendForm
from ..models import LANGUAGES
from ..services import placing, sending, snapshots
from ..states import possible
from . import paper
from .orders import back_to, supplier_of, title_of, trail_to


@blueprint.route("/orders/<public_id>/send", methods=["GET", "POST"])
@policy("inventory.order.place")
def send_order(public_id):
    """Send an order, or an amendment, to the supplier: by mail, or as somebody told them."""
    tx = reading()
    row = placing.find(tx, public_id, "inventory.order.place")
    if request.method == "GET" and not possible(row.status, "send"):
        return back_to(tx, row)
    form, page, language = _prepared(tx, row)
    back = url_for("inventory.order", public_id=public_id)
    crumbs = trail_to((title_of(row), back), (message("Send"), ""))
    status = 200
    if request.method == "POST" and form.validate():
        mail = form.channel.data == "email" and page["mails"] and not form.by_hand.data
        chosen = form.language.data or language
        file = paper.attachment(tx, row, chosen) if mail else None
        try:
            if mail and file is None:
                raise ValidationFailed({"channel": sending.NO_PDF})
            with transaction() as tx:
                command = form.command(sending.Send, order=public_id, file=file)
                sending.send(tx, command)
                toast(message("Sent.") if mail else message("Noted."))
                return redirect_to(tx, "inventory.order", public_id=public_id)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
        except sending.AlreadySent as refused:
            form.form_errors.append(refused.message)
            status = refused.status
    shown = form_page("inventory/ordering/send.html", form, crumbs, back=back, **page)
    return (shown[0], status) if status != 200 else shown


def _prepared(tx, row):
    """Return the form, what the page shows beside it, and the language of the paper."""
    sent = sending.sendings_of(tx, row)
    language = request.args.get("language")
    language = language if language in LANGUAGES else snapshots.language_of(tx, row)
    sender, answer_to = sending.sender_of(tx)
    subject, text = sending.wording(row, language, sender)
    contact = row.supplier.contact
    points = contact.points if contact is not None else ()
    known = {
        "channel": row.placed_by or row.supplier.order_by,
        "recipient": next((point.value for point in points if point.kind == "email"), ""),
        "subject": subject,
        "text": text,
        "language": language,
        "amendment": row.amended,
        "attempt": sending.next_attempt(sent, row.amended),
    }
    form = SendForm(request.form, data=known)
    page = {
        "order": row.public_id,
        "title": title_of(row),
        "supplier": supplier_of(row),
        "points": points,
        "amended": row.amended,
        "before": [one for one in sent if one.amendment == row.amended],
        "mails": sending.can_mail(),
        "language": language,
        "answer_to": answer_to,
    }
    return form, page, language


@blueprint.route("/orders/<public_id>/confirm", methods=["GET", "POST"])
@policy("inventory.order.edit")
def confirm_order(public_id):
    """Note that the supplier confirmed an order, and for which day."""
    tx = reading()
    row = placing.find(tx, public_id, "inventory.order.edit")
    if request.method == "GET" and not possible(row.status, "confirm"):
        return back_to(tx, row)
    known = {"confirmed_on": tx.today, "promised_on": row.expected_on, "version": row.version}
    if row.expected_on and row.expected_on < tx.today:
        known["promised_on"] = None
    form = ConfirmForm(request.form, data=known)
    back = url_for("inventory.order", public_id=public_id)
    crumbs = trail_to((title_of(row), back), (message("Confirmed"), ""))
    title, supplier = title_of(row), supplier_of(row)
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                command = form.command(sending.Confirm, order=public_id, version=form.version.data)
                sending.confirm(tx, command)
                toast(message("Noted."))
                return redirect_to(tx, "inventory.order", public_id=public_id)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
    template = "inventory/ordering/confirm.html"
    return form_page(template, form, crumbs, back=back, title=title, supplier=supplier)
