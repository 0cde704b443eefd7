"""Short links: the addresses that stand on labels as QR codes, ``/e/<code>``."""
