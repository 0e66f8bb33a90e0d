"""The WSGI entry point: ``gunicorn wsgi:app``."""

import os

import config
from portal import create_app

app = create_app(config.load(os.environ))
