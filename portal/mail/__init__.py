"""Mail on its way out: written with the change it tells of, sent by the worker."""
