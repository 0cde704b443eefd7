"""Accounts, their links and their signed-in devices; every act is audited.

Whoever calls has looked at the policy and at who is in reach. Passwords come here hashed already:
hashing takes longer than a transaction should.
"""

from .accounts import (
    AccountFacts,
    Overtaken,
    Proof,
    account_of,
    accounts_of,
    change_password,
    create_account,
    disable,
    enable,
    save_preferences,
    set_password,
)
from .devices import (
    begin_session,
    renew_session,
    sign_out,
    sign_out_device,
    sign_out_everywhere,
    tidy,
)
from .links import FIRST_SIGN_IN, RESET, LinkFacts, LinkGone, find_link, make_link, use_link

__all__ = [
    "FIRST_SIGN_IN",
    "RESET",
    "AccountFacts",
    "LinkFacts",
    "LinkGone",
    "Overtaken",
    "Proof",
    "account_of",
    "accounts_of",
    "begin_session",
    "change_password",
    "create_account",
    "disable",
    "enable",
    "find_link",
    "make_link",
    "renew_session",
    "save_preferences",
    "set_password",
    "sign_out",
    "sign_out_device",
    "sign_out_everywhere",
    "tidy",
    "use_link",
]
