"""The second step: nobody comes in without a code, and each code lets one person in once."""

import dataclasses
import re
from functools import partial

import pytest
from sqlalchemy import select, update

from portal.audit.models import AuditEntry
from portal.auth import services
from portal.auth.codes import Sealing
from portal.auth.models import Account, AccountRecovery
from portal.db import unscoped
from portal.errors import Conflict, Forbidden
from portal.guard import kernel_execute
from portal.notices.models import Notice
from portal.settings.services import write_facts
from portal.testing import sign_in, together, working_as
from tests.unit.auth.signing import (
    OTHER,
    PASSWORD,
    WRONG,
    account_row,
    add_account,
    change,
    copy_of,
    is_in,
    live_sessions,
    masked,
    rows,
    send,
    signed_in,
)
from tests.unit.auth.stepping import PAGE, code_of, factors, let_time_pass, seed_on, set_up
from tests.unit.auth.stepping import with_step as step_of

SHORT = "kuda biru 7"
OLD_KEY = "an old key of more than 32 signs 12345"


def give(client, code, **more):
    return client.post("/sign-in/code", data={"code": code}, **more)


def halfway(app, **more):
    """Return a browser in which the password was right."""
    client = app.test_client()
    answer = send(client, **more)
    assert answer.headers["Location"] == "/sign-in/code"
    return client


def told(app):
    return [row.text.msgid for row in rows(app, Notice.__table__)]


def acts(app):
    return [row.action for row in rows(app, AuditEntry.__table__)]


def test_setting_it_up_shows_a_square_a_secret_and_then_ten_codes(portal_app):
    account = add_account(portal_app)
    client = signed_in(portal_app)
    assert "a stolen password is not enough" in client.get("/account").text
    page = client.get(PAGE).text
    seed, _ = seed_on(page)
    assert len(seed) == 32
    assert 'class="qr"' in page
    _, recovery = set_up(client)
    assert len(set(recovery)) == 10
    (row,) = rows_of_factors(portal_app)
    assert row.account_id == account.id
    assert seed not in row.seed
    kept = {code.code_hash for code in rows(portal_app, AccountRecovery.__table__)}
    assert not kept & set(recovery)
    assert "core.account_factor_set" in acts(portal_app)
    assert any("was set up" in text for text in told(portal_app))
    assert recovery[0] not in client.get(PAGE).text, "they are shown once"


def rows_of_factors(app):
    with app.app_context(), unscoped(reason="test") as tx:
        return kernel_execute(tx.session, select(factors)).all()


def test_a_wrong_first_code_sets_nothing_up_and_keeps_the_same_square(portal_app):
    add_account(portal_app)
    client = signed_in(portal_app)
    seed, sealed = seed_on(client.get(PAGE).text)
    answer = client.post(PAGE, data={"seed": sealed, "code": "000000"})
    assert answer.status_code == 422
    assert "This code is not right" in answer.text
    assert seed_on(answer.text)[0] == seed
    assert not rows_of_factors(portal_app)


def test_a_seed_of_somebody_elses_page_is_not_taken(portal_app):
    add_account(portal_app)
    add_account(portal_app, "dewi")
    seed, sealed = seed_on(signed_in(portal_app, "dewi").get(PAGE).text)
    client = signed_in(portal_app)
    answer = client.post(PAGE, data={"seed": sealed, "code": code_of(seed)})
    assert answer.status_code == 422
    assert "That took too long" in answer.text
    assert client.post(PAGE, data={"seed": seed, "code": code_of(seed)}).status_code == 422
    assert not rows_of_factors(portal_app)


def test_setting_it_up_signs_other_devices_out(portal_app):
    account = add_account(portal_app)
    other, client = signed_in(portal_app), signed_in(portal_app)
    set_up(client)
    assert not is_in(other)
    assert is_in(client)
    assert len(live_sessions(portal_app, account)) == 1


def test_after_the_password_a_code_is_asked_for_and_lets_in(portal_app):
    account = add_account(portal_app)
    seed, _ = step_of(portal_app)
    client = halfway(portal_app)
    assert not is_in(client), "the password alone opens nothing"
    page = client.get("/sign-in/code").text
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
    before = len(live_sessions(portal_app, account))
    answer = give(client, code_of(seed))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert is_in(client)
    assert len(live_sessions(portal_app, account)) == before + 1


def test_the_way_back_is_kept_over_both_steps(portal_app):
    add_account(portal_app)
    seed, _ = step_of(portal_app)
    client = portal_app.test_client()
    asked = client.get("/account?x=1").headers["Location"]
    second = client.post(asked, data={"username": "sari", "password": PASSWORD})
    assert second.headers["Location"].startswith("/sign-in/code?next=")
    answer = client.post(second.headers["Location"], data={"code": code_of(seed)})
    assert answer.headers["Location"] == "/account?x=1"


def test_a_code_works_once(portal_app):
    add_account(portal_app)
    seed, _ = step_of(portal_app)
    code = code_of(seed)
    assert give(halfway(portal_app), code).status_code == 303
    again = give(halfway(portal_app), code)
    assert again.status_code == 422
    assert "was used already" in again.text


def test_the_code_before_counts_and_the_one_before_that_does_not(portal_app):
    add_account(portal_app)
    seed, _ = step_of(portal_app)
    assert give(halfway(portal_app), code_of(seed, ago=3)).status_code == 422
    assert give(halfway(portal_app), code_of(seed, ago=1)).status_code == 303


def test_wrong_old_and_used_codes_get_the_same_answer(portal_app):
    add_account(portal_app)
    seed, recovery = step_of(portal_app)
    used = code_of(seed)
    assert give(halfway(portal_app), used).status_code == 303
    assert give(halfway(portal_app), recovery[0]).status_code == 303
    seen = set()
    for code in ("000000", code_of(seed, ago=9), used, recovery[0], "A" * 16):
        answer = give(halfway(portal_app), code)
        seen.add((answer.status_code, masked(answer, code)))
    assert len(seen) == 1


def test_a_wrong_password_says_nothing_of_a_second_step(portal_app):
    add_account(portal_app)
    add_account(portal_app, "dewi")
    step_of(portal_app)
    with_it = send(portal_app.test_client(), "sari", WRONG)
    without = send(portal_app.test_client(), "dewi", WRONG)
    assert masked(with_it, "sari") == masked(without, "dewi")


def test_without_a_right_password_the_page_of_the_code_leads_back(portal_app):
    add_account(portal_app)
    seed, _ = step_of(portal_app)
    stranger = portal_app.test_client()
    assert stranger.get("/sign-in/code").headers["Location"] == "/sign-in"
    assert give(stranger, code_of(seed)).headers["Location"] == "/sign-in"
    assert "That took too long" in stranger.get("/sign-in").text


@pytest.mark.parametrize("column", [{"active": False}, {"password_hash": "another"}])
def test_what_is_halfway_ends_with_the_account_or_the_password(portal_app, column):
    account = add_account(portal_app)
    seed, _ = step_of(portal_app)
    client = halfway(portal_app)
    table = Account.__table__
    change(portal_app, update(table).where(table.c.id == account.id).values(column))
    assert give(client, code_of(seed)).headers["Location"] == "/sign-in"
    assert not is_in(client)


def test_wrong_codes_are_counted_and_then_wait(portal_app):
    add_account(portal_app)
    seed, _ = step_of(portal_app)
    client = halfway(portal_app)
    free = portal_app.extensions["kantor_config"].rates.failures
    answers = [give(client, "000000").status_code for _ in range(free + 1)]
    assert answers == [422] * free + [429]
    refused = give(client, code_of(seed))
    assert refused.status_code == 429, "a right one waits as well"
    assert "Too many wrong tries" in refused.text
    assert int(refused.headers["Retry-After"]) > 0


@pytest.mark.parametrize("which", ["app", "recovery"])
def test_of_four_who_send_the_same_code_at_once_one_comes_in(portal_app, which):
    add_account(portal_app)
    seed, recovery = step_of(portal_app)
    code = code_of(seed) if which == "app" else recovery[3]
    clients = [halfway(portal_app) for _ in range(4)]
    answers = together(*(partial(give, client, code) for client in clients))
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422, 422]
    assert [is_in(client) for client in clients].count(True) == 1


def test_a_recovery_code_lets_in_once_and_is_told_and_written_down(portal_app):
    add_account(portal_app)
    _, recovery = step_of(portal_app)
    page = halfway(portal_app).get("/sign-in/code?recovery=1").text
    assert "Recovery code" in page
    assert 'inputmode="text"' in page
    client = halfway(portal_app)
    assert give(client, recovery[0].lower().replace(" ", "-")).status_code == 303
    assert give(halfway(portal_app), recovery[0]).status_code == 422
    assert any("A recovery code was used" in text for text in told(portal_app))
    used = [r for r in rows(portal_app, AuditEntry.__table__) if "recovery_used" in r.action]
    assert [(row.actor_name, row.detail["left"]) for row in used] == [("Sari", 9)]
    assert re.search(r"Recovery codes left</dt><dd>9<", client.get(PAGE).text)


def test_new_recovery_codes_end_the_old_ones(portal_app):
    add_account(portal_app)
    _, recovery = step_of(portal_app)
    client = halfway(portal_app)
    give(client, recovery[0])
    answer = client.post(f"{PAGE}/codes")
    assert answer.status_code == 200
    fresh = re.findall(r"<li>((?:[A-Z2-9]{4} ){3}[A-Z2-9]{4})</li>", answer.text)
    assert len(fresh) == 10
    assert not set(fresh) & set(recovery)
    assert give(halfway(portal_app), recovery[1]).status_code == 422
    assert give(halfway(portal_app), fresh[1]).status_code == 303


def sealed_with(app, key, seed):
    """Leave a seed as it was sealed with another key."""
    change(app, update(factors).values(seed=Sealing([key]).seal(seed)))


def test_the_seed_is_read_with_an_old_key_and_sealed_with_the_new_one(portal_app, monkeypatch):
    add_account(portal_app)
    seed, _ = step_of(portal_app)
    sealed_with(portal_app, OLD_KEY, seed)
    assert give(halfway(portal_app), code_of(seed)).status_code == 422
    monkeypatch.setitem(portal_app.config, "SECRET_KEY_FALLBACKS", [OLD_KEY])
    assert give(halfway(portal_app), code_of(seed)).status_code == 303
    (row,) = rows_of_factors(portal_app)
    assert Sealing([portal_app.config["SECRET_KEY"]]).open(row.seed) == seed


def test_when_the_key_is_gone_the_recovery_codes_still_help(portal_app):
    add_account(portal_app)
    seed, recovery = step_of(portal_app)
    sealed_with(portal_app, OLD_KEY, seed)
    assert give(halfway(portal_app), code_of(seed)).status_code == 422
    assert give(halfway(portal_app), recovery[0]).status_code == 303


def test_turning_it_off_wants_password_and_code(portal_app):
    add_account(portal_app)
    seed, recovery = step_of(portal_app)
    client = halfway(portal_app)
    give(client, recovery[0])
    off = f"{PAGE}/off"
    assert "15 characters or more" in client.get(off).text
    wrong = client.post(off, data={"password": WRONG, "code": code_of(seed)})
    assert "This is not your password" in wrong.text
    wrong = client.post(off, data={"password": PASSWORD, "code": "000000"})
    assert (wrong.status_code, "This code is not right" in wrong.text) == (422, True)
    assert rows_of_factors(portal_app)
    answer = client.post(off, data={"password": PASSWORD, "code": code_of(seed)})
    assert answer.headers["Location"] == "/account"
    assert not rows_of_factors(portal_app)
    assert not rows(portal_app, AccountRecovery.__table__)
    assert send(portal_app.test_client()).headers["Location"] == "/"
    assert "core.account_factor_turned_off" in acts(portal_app)
    assert any("was turned off" in text for text in told(portal_app))


def test_a_password_may_be_short_beside_a_second_step_only(portal_app):
    add_account(portal_app)
    alone = signed_in(portal_app)
    form = {"current": PASSWORD, "password": SHORT, "repeat": SHORT}
    answer = alone.post("/account/password", data=form)
    assert "Use 15 characters or more" in answer.text
    set_up(alone)
    assert "8 characters or more" in alone.get("/account/password").text
    tiny = form | {"password": "abcdefg", "repeat": "abcdefg"}
    assert "Use 8 characters or more" in alone.post("/account/password", data=tiny).text
    assert alone.post("/account/password", data=form).status_code == 303
    assert rows_of_factors(portal_app)[0].short


def test_a_short_password_has_to_be_changed_before_it_stands_alone(portal_app):
    add_account(portal_app)
    client = signed_in(portal_app)
    seed, _ = set_up(client)
    form = {"current": PASSWORD, "password": SHORT, "repeat": SHORT}
    client.post("/account/password", data=form)
    let_time_pass(portal_app)
    answer = client.post(f"{PAGE}/off", data={"password": SHORT, "code": code_of(seed)})
    assert answer.status_code == 422
    assert "Your password is too short to be used alone" in answer.text
    assert rows_of_factors(portal_app)
    form = {"current": SHORT, "password": OTHER, "repeat": OTHER}
    assert client.post("/account/password", data=form).status_code == 303
    answer = client.post(f"{PAGE}/off", data={"password": OTHER, "code": code_of(seed)})
    assert answer.status_code == 303


def test_a_short_password_is_refused_when_the_second_step_went_meanwhile(portal_app):
    account = add_account(portal_app)
    kept = account_row(portal_app, account).password_hash
    proof = services.Proof(
        account_id=account.id, person_id=account.person_id, person_name="Sari", stored=kept
    )
    with pytest.raises(services.Overtaken), working_as(portal_app) as tx:
        services.change_password(tx, proof, "a hash", short=True)
    assert account_row(portal_app, account).password_hash == kept


def test_a_link_for_a_new_password_still_asks_for_the_code(portal_app):
    account = add_account(portal_app)
    seed, _ = step_of(portal_app)
    with portal_app.app_context(), unscoped(reason="test") as tx:
        token = services.make_link(tx, services.account_of(tx, account.person_id))
    client = portal_app.test_client()
    assert "8 characters or more" in client.get(f"/sign-in/link/{token}").text
    answer = client.post(f"/sign-in/link/{token}", data={"password": SHORT, "repeat": SHORT})
    assert answer.headers["Location"] == "/sign-in/code"
    assert not is_in(client)
    assert give(client, code_of(seed)).status_code == 303
    assert is_in(client)


def test_the_password_is_asked_again_with_a_code(portal_app):
    add_account(portal_app)
    client = signed_in(portal_app)
    assert 'name="code"' not in client.get("/sign-in/again").text
    seed, recovery = set_up(client)
    let_time_pass(portal_app)
    assert 'name="code"' in client.get("/sign-in/again").text
    missing = client.post("/sign-in/again", data={"password": PASSWORD})
    assert missing.status_code == 422
    wrong = client.post("/sign-in/again", data={"password": PASSWORD, "code": "000000"})
    assert (wrong.status_code, "This code is not right" in wrong.text) == (422, True)
    right = client.post("/sign-in/again", data={"password": PASSWORD, "code": code_of(seed)})
    assert right.status_code == 303
    form = {"password": PASSWORD, "code": recovery[0]}
    assert client.post("/sign-in/again?recovery=1", data=form).status_code == 303


def require(app, who):
    with app.app_context(), unscoped(reason="test") as tx:
        write_facts(tx, second_step=who)
    app.extensions["kantor_facts"].forget()


def test_who_needs_one_is_led_to_setting_it_up_and_can_do_nothing_else(portal_app, world):
    require(portal_app, "everybody")
    add_account(portal_app)
    client = signed_in(portal_app)
    for address in ("/", "/account", "/notices"):
        assert client.get(address).headers["Location"] == PAGE
    assert client.post("/account/sign-out-everywhere").headers["Location"] == PAGE
    told_so = client.get("/account", headers={"Accept": "application/json"})
    assert (told_so.status_code, "second step" in told_so.json["message"]) == (403, True)
    assert client.get("/", headers={"HX-Request": "true"}).headers["HX-Redirect"] == PAGE
    assert "Your organisation asks for this" in client.get(PAGE).text
    set_up(client)
    assert client.get("/").status_code == 200
    page = client.get(PAGE).text
    assert "so it stays on" in page
    assert client.get(f"{PAGE}/off").status_code == 409
    assert client.post("/sign-out").headers["Location"] == "/sign-in"


def test_one_can_sign_out_without_setting_it_up(portal_app):
    require(portal_app, "everybody")
    add_account(portal_app)
    client = signed_in(portal_app)
    assert client.post("/sign-out").headers["Location"] == "/sign-in"
    assert not is_in(client)


def test_only_administrators_need_one_when_so_decided(portal_app, world):
    require(portal_app, "administrators")
    assert sign_in(portal_app, world.people["employee"]).get("/").status_code == 200
    admin = sign_in(portal_app, world.people["administrator"])
    assert admin.get("/").headers["Location"] == PAGE


def test_an_administrator_removes_the_second_step_of_somebody(portal_app, world):
    account = add_account(portal_app, person_id=world.people["employee"])
    owner = signed_in(portal_app)
    set_up(owner)
    admin = sign_in(portal_app, world.people["administrator"])
    page = address(portal_app, world.people["employee"])
    assert "Remove the second step" in admin.get(page).text
    answer = admin.post(f"{page}/account/second-step/remove")
    assert answer.headers["Location"] == page
    assert not is_in(owner)
    assert send(portal_app.test_client()).headers["Location"] == "/"
    assert account_row(portal_app, account).password_hash is not None
    assert any("was removed for you" in text for text in told(portal_app))
    entry = rows(portal_app, AuditEntry.__table__)
    reset = next(row for row in entry if row.action == "core.account_factor_reset")
    assert reset.actor_id == world.people["administrator"]
    assert admin.post(f"{page}/account/second-step/remove").status_code == 409


def address(app, person_id):
    from portal.people.models import Person

    (row,) = rows(app, Person.__table__, Person.__table__.c.id == person_id)
    return f"/people/{row.public_id}"


def test_with_the_second_step_goes_a_password_too_short_to_stand_alone(portal_app, world):
    account = add_account(portal_app, person_id=world.people["employee"])
    client = signed_in(portal_app)
    set_up(client)
    form = {"current": PASSWORD, "password": SHORT, "repeat": SHORT}
    client.post("/account/password", data=form)
    with working_as(portal_app, world.people["administrator"]) as tx:
        assert services.reset(tx, services.account_of(tx, account.person_id))
    assert account_row(portal_app, account).password_hash is None
    assert send(portal_app.test_client(), password=SHORT).status_code == 422


def test_nobody_removes_their_own_or_that_of_somebody_stronger(portal_app, world):
    account = add_account(portal_app, person_id=world.people["administrator"])
    step_of(portal_app)
    for who, refusal in (("administrator", Conflict), ("employee", Forbidden)):
        with pytest.raises(refusal), working_as(portal_app, world.people[who]) as tx:
            services.reset(tx, services.account_of(tx, account.person_id))
    assert rows_of_factors(portal_app)


def test_the_command_line_removes_it(portal_app):
    from click.testing import CliRunner

    from portal.commands.people import account as command

    add_account(portal_app)
    step_of(portal_app)
    desk = type("Desk", (), {"app": portal_app, "config": portal_app.extensions["kantor_config"]})
    result = CliRunner().invoke(command, ["remove-second-step", "sari"], obj=desk)
    assert result.exit_code == 0, result.output
    assert not rows_of_factors(portal_app)


def test_what_is_known_of_a_step_holds_no_secret():
    names = {field.name for field in dataclasses.fields(services.FactorFacts)}
    assert names == {"since", "codes_left", "short"}


def test_a_thiefs_copy_of_the_cookie_is_worth_no_more_than_the_password(portal_app):
    add_account(portal_app)
    step_of(portal_app)
    thief = copy_of(halfway(portal_app), portal_app)
    assert thief.get("/sign-in/code").status_code == 200
    assert thief.get("/account").status_code == 303
    assert give(thief, "000000").status_code == 422
