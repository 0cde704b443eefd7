"""What a visitor who is signed in may still not do: without a second step that is asked of them, or
while they see the portal through somebody else's eyes.
"""

from __future__ import annotations

from typing import Any

from flask import current_app, request
from flask_login import current_user

from .errors import Forbidden
from .messages import message
from .reach import Principal

# What is open to somebody who needs a second step and has none yet.
SETTING_UP = frozenset(
    {
        "account.preferences",
        "account.second_step",
        "account.set_up_second_step",
        "sign.again",
        "sign.prove_again",
        "sign.sign_out",
    }
)
# What somebody does as themselves who sees the portal through another's eyes.
ENDING = frozenset({"people.stop_viewing", "sign.sign_out"})
THEIRS_ALONE = frozenset({"account", "notices", "removed", "dates.follow"})  # blueprints and pages


class NeedsSecondStep(Forbidden):
    """The organisation asks for a second step, and this account has none yet."""

    default = message("Your organisation asks for a second step when signing in. Set it up first.")


def require_second_step(actor: Principal) -> None:
    """Raise NeedsSecondStep for who needs one and has none, except where it is set up."""
    open_to_all = request.endpoint in SETTING_UP or current_user.second_step
    if not open_to_all and second_step_needed(actor):
        raise NeedsSecondStep()


def second_step_needed(actor: Principal | None = None) -> bool:
    """Return whether the organisation asks a second step of somebody, the visitor if not said."""
    who = current_app.extensions["kantor_facts"].get("second_step")
    actor = actor or current_user.principal
    strong = who == "administrators" and actor.holds("core.role.assign")
    return who == "everybody" or strong


def eyes() -> Principal:
    """Return who the visitor is on this page: themselves, or whom they see the portal as."""
    if current_user.viewed is None or request.endpoint in ENDING:
        own: Principal = current_user.principal
        return own
    viewed: Principal = current_user.viewed
    return viewed


def refuse_beyond_looking(view: Any, *, reads: bool, exports: bool) -> None:
    """Let somebody who sees the portal as another person does look at pages, but not at those that
    are that person's alone, and do nothing else.
    """
    name = current_user.viewed.name
    if not reads:
        raise Forbidden(
            message("You see Kantor as {name} and can change nothing. Stop that first.", name=name)
        )
    if exports or getattr(view, "__fresh__", None) is not None:
        raise Forbidden(
            message("You see Kantor as {name} and can only look. Stop that first.", name=name)
        )
    if THEIRS_ALONE & {request.blueprint, request.endpoint}:
        raise Forbidden(message("This is for {name} alone.", name=name))
