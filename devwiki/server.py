"""A threaded server for the development wiki, on this machine's own address and no other."""

from __future__ import annotations

import threading

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from devwiki.app import create_app, is_loopback
from devwiki.wiki import DevWiki


class Quiet(WSGIRequestHandler):
    """Says nothing of ordinary requests, nor of clients that hang up."""

    def log(self, type: str, message: str, *args: object) -> None:
        pass


def listen(wiki: DevWiki, *, host: str = "127.0.0.1", port: int = 0) -> BaseWSGIServer:
    """A server that is bound but not yet serving; port 0 takes a free one.

    Raises ValueError for an address that others could reach, OSError for a taken port.
    """
    if not is_loopback(host):
        raise ValueError(f"The development wiki login lets anybody in: it listens on 127.0.0.1 only, not on {host}.")
    return make_server(host, port, create_app(wiki), threaded=True, request_handler=Quiet)


def serve_in_background(server: BaseWSGIServer) -> threading.Thread:
    """Serve until ``server.shutdown()``."""
    thread = threading.Thread(target=server.serve_forever, name="devwiki", daemon=True)
    thread.start()
    return thread
