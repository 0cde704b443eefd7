"""What is done with counts: planned, entered, sent in, reviewed, posted."""

from .entering import (
    AddFound,
    Clear,
    Enter,
    Missed,
    Submit,
    add_found,
    clear,
    enter,
    missed,
    submit,
)
from .planning import (
    Cancel,
    CountItemNow,
    CountNow,
    PlanCount,
    cancel,
    count_item_now,
    count_now,
    give_to,
    plan_count,
)
from .posting import Post, post
from .reviewing import Decide, SendBack, decide, keep_all, send_back

__all__ = [
    "AddFound",
    "Cancel",
    "Clear",
    "CountItemNow",
    "CountNow",
    "Decide",
    "Enter",
    "Missed",
    "PlanCount",
    "Post",
    "SendBack",
    "Submit",
    "add_found",
    "cancel",
    "clear",
    "count_item_now",
    "count_now",
    "decide",
    "enter",
    "give_to",
    "keep_all",
    "missed",
    "plan_count",
    "post",
    "send_back",
    "submit",
]
