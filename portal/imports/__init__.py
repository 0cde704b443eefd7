"""Upload, match, preview, check, run."""
