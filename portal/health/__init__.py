"""Whether the portal lives, whether its database answers, and figures about its work."""
