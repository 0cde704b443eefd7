"""Who stands in for whom, and with that who may decide."""
