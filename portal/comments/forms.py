"""What is typed into a comment."""

from __future__ import annotations

from portal.messages import message
from portal.ui.forms import AreaField, BooleanField, Form, longest, required

from .rules import LONGEST


class CommentForm(Form):
    """A new comment; the files that come with it are read by the view."""

    text = AreaField(message("Comment"), [longest(LONGEST)])
    internal = BooleanField(message("Internal note"))


class ChangeCommentForm(Form):
    """Other words for a comment."""

    text = AreaField(message("Comment"), [required(), longest(LONGEST)])
