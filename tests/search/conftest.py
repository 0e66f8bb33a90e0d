"""Fixtures of these tests, which other folders have."""

from tests.privacy.conftest import scene  # noqa: F401  # fixture
from tests.requests.conftest import open_as  # noqa: F401  # fixture
