"""Real servers, real clients: what only shows when processes race, die and come back."""
