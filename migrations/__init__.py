"""The core schema, one file per change; installed as portal.migrations."""
