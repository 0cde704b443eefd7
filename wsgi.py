"""The portal for any WSGI server: ``gunicorn wsgi:application``."""

from portal.app import create_app
from portal.memory import share_heaps

share_heaps()
application = create_app()
