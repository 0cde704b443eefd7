"""Accounts as administrators and the command line keep them; every act is in the audit."""

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.auth import passwords, services
from portal.auth.models import Account
from portal.db import new_session, unscoped
from portal.errors import Conflict, Forbidden, NotFound, Refused, ValidationFailed
from portal.testing import add_person, give_role, principal_of
from portal.work import unit_of_work
from tests.unit.auth.signing import (
    OTHER,
    account_row,
    add_account,
    is_in,
    live_sessions,
    rows,
    send,
    signed_in,
    stored,
)

entries = AuditEntry.__table__


def as_them(app, person_id, act):
    """Do something as this person would, in a unit of theirs."""
    with app.app_context():
        principal = principal_of(app, person_id)
        with new_session() as session:
            session.act_as(principal)
            with unit_of_work(session) as tx:
                return act(tx)


def said(app, action):
    return rows(app, entries, entries.c.action == action)


@pytest.fixture
def administrator(portal_app, world):
    with portal_app.app_context(), unscoped(reason="test data") as tx:
        return add_person(tx, "Bagus", role="administrator", everywhere=True)


@pytest.fixture
def newcomer(portal_app, world):
    with portal_app.app_context(), unscoped(reason="test data") as tx:
        return add_person(tx, "Nadia", department_id=world.departments["office"], role="employee")


def test_an_administrator_gives_an_account_and_a_link(portal_app, administrator, newcomer):
    def give(tx):
        account = services.create_account(tx, newcomer, " Nadia.A ")
        return account, services.make_link(tx, account)

    account, token = as_them(portal_app, administrator, give)
    assert account.name == "nadia.a"
    assert not account.has_password
    (created,) = said(portal_app, "core.account_created")
    assert created.actor_id == administrator
    assert created.subject_label == "nadia.a"
    (linked,) = said(portal_app, "core.account_link_made")
    assert linked.detail == {"purpose": "first_sign_in"}
    assert token not in str(linked)
    client = portal_app.test_client()
    client.post(f"/sign-in/link/{token}", data={"password": OTHER, "repeat": OTHER})
    assert is_in(client)
    (chosen,) = said(portal_app, "core.account_password_set")
    assert chosen.actor_id == newcomer


def test_a_user_name_is_had_once(portal_app, administrator, newcomer, world):
    as_them(portal_app, administrator, lambda tx: services.create_account(tx, newcomer, "nadia"))
    other = world.people["assistant"]
    with pytest.raises(ValidationFailed) as refused:
        as_them(portal_app, administrator, lambda tx: services.create_account(tx, other, "NADIA"))
    assert "Somebody else has this user name" in str(refused.value.fields["username"])


def test_a_person_has_one_account(portal_app, administrator, newcomer):
    as_them(portal_app, administrator, lambda tx: services.create_account(tx, newcomer, "nadia"))
    with pytest.raises(Conflict):
        as_them(
            portal_app, administrator, lambda tx: services.create_account(tx, newcomer, "other")
        )


def test_a_user_name_that_cannot_be_is_said(portal_app, administrator, newcomer):
    with pytest.raises(ValidationFailed) as refused:
        as_them(portal_app, administrator, lambda tx: services.create_account(tx, newcomer, "a b"))
    assert "sari.wulandari" in str(refused.value.fields["username"])


def test_closing_an_account_is_at_once_and_written_down(portal_app, administrator):
    account = add_account(portal_app)
    client = signed_in(portal_app)
    as_them(portal_app, administrator, lambda tx: services.disable(tx, account))
    assert not is_in(client)
    assert send(portal_app.test_client()).status_code == 422
    assert account_row(portal_app, account).active is False
    (entry,) = said(portal_app, "core.account_disabled")
    assert entry.detail == {"devices": 1}
    as_them(portal_app, administrator, lambda tx: services.disable(tx, account))
    assert len(said(portal_app, "core.account_disabled")) == 1, "twice is once"


def test_nobody_closes_their_own_account(portal_app, administrator):
    account = add_account(portal_app, person_id=administrator)
    with pytest.raises(Conflict):
        as_them(portal_app, administrator, lambda tx: services.disable(tx, account))


@pytest.mark.parametrize("act", [services.make_link, services.disable, services.enable])
def test_nobody_reaches_into_the_account_of_somebody_who_may_do_more(
    portal_app, world, administrator, act
):
    account = add_account(portal_app, person_id=administrator)
    helper = world.people["department_manager"]
    with pytest.raises(Forbidden):
        as_them(portal_app, helper, lambda tx: act(tx, account))


def test_a_helper_may_help_those_who_may_do_less(portal_app, world):
    with portal_app.app_context(), unscoped(reason="test data") as tx:
        helper = add_person(tx, "Helper", role="employee", everywhere=True)
    account = add_account(portal_app, person_id=world.people["employee"])
    assert as_them(portal_app, helper, lambda tx: services.make_link(tx, account))


def test_the_same_role_elsewhere_is_more_than_ones_own(portal_app, world):
    with portal_app.app_context(), unscoped(reason="test data") as tx:
        lab = add_person(tx, "Intan", department_id=world.departments["lab"])
        give_role(tx, lab, "department_manager", department_id=world.departments["lab"])
    account = add_account(portal_app, "intan", person_id=lab)
    with pytest.raises(Forbidden):
        as_them(
            portal_app,
            world.people["department_manager"],
            lambda tx: services.make_link(tx, account),
        )


def test_the_command_line_sets_a_password(portal_app):
    account = add_account(portal_app, password=None)
    with portal_app.app_context(), unscoped(reason="command line") as tx:
        services.set_password(tx, account, passwords.hashed(OTHER))
    assert send(portal_app.test_client(), password=OTHER).status_code == 303


def test_signing_somebody_out_everywhere_counts_the_devices(portal_app, administrator):
    account = add_account(portal_app)
    signed_in(portal_app)
    signed_in(portal_app)
    ended = as_them(portal_app, administrator, lambda tx: services.sign_out_everywhere(tx, account))
    assert ended == 2
    assert not live_sessions(portal_app, account)


def test_a_device_of_somebody_else_is_no_device(portal_app):
    mine, theirs = add_account(portal_app), add_account(portal_app, "dewi")
    signed_in(portal_app, "dewi")
    (session,) = live_sessions(portal_app, theirs)
    with portal_app.app_context(), unscoped(reason="test") as tx, pytest.raises(NotFound):
        services.sign_out_device(tx, mine, session.public_id)
    assert live_sessions(portal_app, theirs)


def test_accounts_of_several_people_come_in_one_query(portal_app):
    one, other = add_account(portal_app), add_account(portal_app, "dewi")
    with portal_app.app_context(), unscoped(reason="test") as tx:
        found = services.accounts_of(tx, [one.person_id, other.person_id, 0])
    assert {account.name for account in found.values()} == {"sari", "dewi"}


def test_nothing_of_a_password_shows_where_an_account_is_printed(portal_app):
    account = add_account(portal_app)
    hash_ = account_row(portal_app, account).password_hash
    proof = services.Proof(
        account_id=1, person_id=1, person_name="Sari", stored=stored(), renewed=stored()
    )
    assert hash_.startswith("$argon2id$")
    assert "argon2" not in repr(account)
    assert "argon2" not in repr(proof)


def test_a_plugin_cannot_read_accounts(portal_app, administrator):

    add_account(portal_app)

    def read(tx):
        return tx.session.scalars(select(Account)).all()

    assert as_them(portal_app, administrator, read) == []
    with pytest.raises(Refused):
        as_them(portal_app, administrator, lambda tx: tx.session.execute(select(Account.__table__)))
