"""Every table of the portal, imported in one place so that the metadata is whole (migrations, merges of people)."""

import portal.access.models
import portal.assessments.models
import portal.audit.models
import portal.calendar.models
import portal.index.models
import portal.mentoring.models
import portal.notifications.mail_models
import portal.notifications.models
import portal.operations.models
import portal.people.models
import portal.record.models
import portal.requests.discussion_models
import portal.requests.models
import portal.rules.models  # noqa: F401  # importing is what fills the metadata
