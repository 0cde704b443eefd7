"""Who decides what people ask for: rules, requests, steps and decisions."""
