"""Forms of access."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms.validators import InputRequired, Optional

from portal.web.forms import PortalForm, TextField

REASON = 2000  # characters


class GiveUpForm(PortalForm):
    """The holder gives up their own access: no reason is asked for, one can be given."""

    reason = TextField(_("Why do you give it up?"), [Optional()], limit=REASON)


class RevokeForm(PortalForm):
    """The Director or the Deputy ends somebody else's access."""

    reason = TextField(_("Why does this access end?"), [InputRequired(_("Say why."))], limit=REASON)
