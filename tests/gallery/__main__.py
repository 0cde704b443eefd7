"""Serve the gallery on http://127.0.0.1:8099/ until it is stopped."""

from waitress import serve

from tests.gallery.app import create_app

if __name__ == "__main__":
    print("http://127.0.0.1:8099/")
    serve(create_app(), host="127.0.0.1", port=8099)
