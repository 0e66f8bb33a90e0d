"""``python -m devwiki --port 5001 --portal http://127.0.0.1:5000`` runs the development wiki login."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

from devwiki.app import is_loopback
from devwiki.server import listen
from devwiki.wiki import GENERATIONS, Client, DevWiki

CALLBACK = "/sign-in/callback"


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="devwiki", description="A local OAuth 2.0 provider for development.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5001)
    parser.add_argument("--portal", default="http://127.0.0.1:5000", help="where the portal answers")
    parser.add_argument("--client-id", default=os.environ.get("PORTAL_OAUTH_CLIENT_ID", "dev"))
    parser.add_argument("--client-secret", default=os.environ.get("PORTAL_OAUTH_CLIENT_SECRET", "dev"))
    parser.add_argument("--generation", choices=GENERATIONS, default="46", help="which MediaWiki it answers like")
    return parser.parse_args(argv)


def fault_of(options: argparse.Namespace) -> str | None:
    """Why this must not start, in one sentence."""
    if os.environ.get("PORTAL_ENV", "development") == "production":
        return "PORTAL_ENV is production: the development wiki login lets anybody in and does not start there."
    if not is_loopback(options.host):
        return f"The development wiki login listens on 127.0.0.1 only, not on {options.host}."
    if not is_loopback(urlsplit(options.portal).hostname or ""):
        return f"The development wiki login serves a portal on 127.0.0.1 only, not {options.portal}."
    return None


def is_taken(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        return probe.connect_ex((host, port)) == 0


def main(argv: Sequence[str]) -> int:
    """Serve until Ctrl-C. Returns 2 with one sentence when it cannot."""
    options = arguments(argv)
    fault = fault_of(options)
    if fault is None and is_taken(options.host, options.port):
        fault = f"Port {options.port} is taken: choose another with --port."
    if fault:
        print(fault, file=sys.stderr)  # noqa: T201  # a command speaks to its user
        return 2
    client = Client(options.client_id, options.client_secret, options.portal.rstrip("/") + CALLBACK)
    wiki = DevWiki(client)
    wiki.generation = options.generation
    server = listen(wiki, host=options.host, port=options.port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(f"Development wiki ready at http://{options.host}:{options.port}/", flush=True)  # noqa: T201
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
