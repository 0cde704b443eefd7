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
    keep_renewed,
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
from .factors import (
    FactorFacts,
    factor_of,
    new_recovery_codes,
    reset,
    set_up,
    turn_off,
    use_code,
)
from .links import FIRST_SIGN_IN, RESET, LinkFacts, LinkGone, find_link, make_link, use_link
from .viewing import begin_viewing, end_run_out, end_viewing, may_be_viewed, refuse_viewing

__all__ = [
    "FIRST_SIGN_IN",
    "RESET",
    "AccountFacts",
    "FactorFacts",
    "LinkFacts",
    "LinkGone",
    "Overtaken",
    "Proof",
    "account_of",
    "accounts_of",
    "begin_session",
    "begin_viewing",
    "change_password",
    "create_account",
    "disable",
    "enable",
    "end_run_out",
    "end_viewing",
    "factor_of",
    "find_link",
    "keep_renewed",
    "make_link",
    "may_be_viewed",
    "new_recovery_codes",
    "refuse_viewing",
    "renew_session",
    "reset",
    "save_preferences",
    "set_password",
    "set_up",
    "sign_out",
    "sign_out_device",
    "sign_out_everywhere",
    "tidy",
    "turn_off",
    "use_code",
    "use_link",
]
