"""The WSGI entry point: ``gunicorn wsgi:app``."""

import gc
import os
import sys

import config
from portal import create_app
from portal.org.loader import OrganisationError
from portal.org.usage import MissingEntriesError

CANNOT_BOOT = 3  # what tells gunicorn to stop at once instead of trying again

try:
    app = create_app(config.load(os.environ))
    gc.freeze()  # what is loaded here stays shared memory when gunicorn forks its workers (--preload)
except (config.ConfigError, OrganisationError, MissingEntriesError) as error:
    sys.stderr.write(f"{error}\n")
    sys.exit(CANNOT_BOOT)
