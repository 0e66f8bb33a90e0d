"""The blueprint of requests; its routes stand in the *routes modules."""

from flask import Blueprint

bp = Blueprint("requests", __name__, url_prefix="/requests")
