"""What other features may have done to people, in one place. The work is in the modules named here."""

from portal.people.absences import declare_absence, end_absence
from portal.people.acting import end_acting, end_acting_by_hand, start_acting_by_board
from portal.people.appointments import appoint, end_capacity_by_hand
from portal.people.ndas import note_nda, withdraw_nda
from portal.people.roles import assign_role, end_role, end_role_by_hand
from portal.people.unreachable import confirm_unreachable, report_unreachable

__all__ = [
    "appoint",
    "assign_role",
    "confirm_unreachable",
    "declare_absence",
    "end_absence",
    "end_acting",
    "end_acting_by_hand",
    "end_capacity_by_hand",
    "end_role",
    "end_role_by_hand",
    "note_nda",
    "report_unreachable",
    "start_acting_by_board",
    "withdraw_nda",
]
