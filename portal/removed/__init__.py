"""The bin: what somebody has removed lately, to be put back."""
