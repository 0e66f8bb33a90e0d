"""What the demo people write."""

from __future__ import annotations

from portal.assessments.portfolio.services import TypedPiece

ANSWERS: dict[str, dict[str, str]] = {
    "ready": {
        "why": "I keep being asked why a release is slow, and today I have to ask somebody else to read the graphs "
        "for me. With **Grafana** I can look before I open a task, and in the **GitHub** team I can review "
        "the fix. See T15032.",
        "benefit": "Everybody who waits for a fix: mistakes in a release are found in minutes instead of a day.",
    },
    "high_trust": {
        "why": "I deploy configuration changes together with others, but can only try them on the test server. "
        "For the rest I wait until somebody is awake. I give up the test group in return.",
        "benefit": "All wikis: requests for [[Special:RequestWiki|new wikis]] and settings no longer wait over night.",
    },
    "joining": {
        "why": "I would like to fix small bugs in the extensions we run, and answer tasks that nobody has looked at.",
        "experience": "Two patches to MediaWiki core, and gadgets on my own wiki. PHP and a little Puppet.",
        "time": "About four hours a week.",
    },
    "agreement": {
        "why": "Half of the triage is done by our liaison already; the title would say what is true.",
        "experience": "Sorted 120 tasks in the last quarter and runs the monthly call.",
    },
    "board": {
        "why": "Our night shift has nobody with root. Twice this autumn an outage lasted until morning.",
        "benefit": "Every wiki. Incidents at night would be ended in minutes.",
    },
    "acting": {
        "why": "I plan the work of the team, but cannot see the security tasks that block it.",
        "benefit": "The team: fewer tasks that wait for something nobody can see.",
    },
    "granted": {
        "why": "To tell the community how a change was received, I need figures instead of guesses.",
        "benefit": "Readers of our monthly news.",
    },
    "declined": {
        "why": "I would like to look after servers as well.",
        "experience": "I have written two Puppet modules for myself.",
    },
    "withdrawn": {"why": "To try the assistant on old tasks.", "benefit": "Perhaps nobody but me."},
    "silent": {"why": "To post updates during an outage.", "benefit": "Users who wonder what is going on."},
    "draft": {"why": "I would like to move from code to servers in the spring."},
}
READY_COMMENT = "I showed them both dashboards last week. No questions from my side; T15032 would have been shorter."
READY_SUPPORT = "Careful, asks before acting, and writes down what they learned."
READY_NEUTRAL = "I have not worked with them enough to say."
HIGH_TRUST_TEAM = "Between us: is the deploy window of last month settled? I would like to read that before I say yes."
HIGH_TRUST_CONCERN = (
    "The key on the test server looks like the one in the public repository of a side project. A key that is used "
    "elsewhere should not open production. A fresh key would settle it."
)
HIGH_TRUST_OPPOSE = "Not before there is a fresh key."
HIGH_TRUST_REPLY = "Happy to make a new key this week. Where should I post it?"
JOINING_WELCOME = "Welcome! Reading @[Demo MediaWiki Specialist]'s list of small bugs is a good start."
JOINING_QUESTION = "Which of our extensions have you looked at, and is there a task you would like to begin with?"
BOARD_NEUTRAL = "Skilled enough, no doubt. Root for one more person is a question of how many we want."
BOARD_REASON = "This would be the fifth person with root. How many there should be is for the Board to say."
ABSENCE = "Exams."
ACTING_REASON = "Planning needs to see what blocks the work; the team agrees."
GRANTED_REASON = "The team supports it, and figures help to talk with the community."
DECLINED_REASON = "The interest is very welcome. Servers are learned best beside somebody, and that has not begun yet."
DECLINED_HELP = "Ask one of the Infrastructure Specialists to pair on two maintenance tasks, and link them here."
SILENT_QUESTION = "Who else has access today, and would they share it with you?"

MARKING_ONE = {0: "Followed a deployment with me, never led one."}
MARKING_TWO = {0: "Explained our whole stack to two newcomers last month.", 5: "Has not had to do this yet."}
MARKING_SETTLED = "We looked at the same deployment again: done alone, with a review afterwards."
MENTOR_ASKED = "I would like to review extensions for security, and do not know where to begin."
MENTOR_WANTED = "I find small bugs, but not the place where they come from. An hour every other week would help."
PEER_ENDED = "We fixed what we had set out to fix. Thank you!"

EVIDENCE_TASK = TypedPiece(
    ["process-automation-with-shell-and-git", "technical-communication"],
    "I wrote the script that renews certificates, and its page.",
    "T13000",
)
EVIDENCE_BEHAVIOUR = TypedPiece(["community-stewardship"], "I wrote the weekly summary for three months.")
EVIDENCE_PAGE = TypedPiece(
    ["security-and-privacy-compliance"],
    "I went through the checklist with two wikis and noted what was missing.",
    "[[Tech:Security checklist]]",
)
QUESTION = "Which part of it is yours, and which was there before?"
