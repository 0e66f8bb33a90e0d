"""The development wiki login: a local OAuth 2.0 provider that answers as MediaWiki's does. It lets anybody in.

It runs beside the portal in development and in the tests, on this machine only. The portal never imports it.
"""
