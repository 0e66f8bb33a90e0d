"""Who mentors whom: asked, accepted, handed on, ended; places; and the goals that two people set."""
