"""The portal for any WSGI server: ``gunicorn wsgi:application``."""

from portal.memory import loaded_for_good, share_heaps

share_heaps()
with loaded_for_good():
    from portal.app import create_app

    application = create_app()
