"""Standards and filled forms as text: wikitext, a flattened export, Markdown, CSV or JSON, read and written. Pure.

Nothing here knows the database or who asks. What cannot be read raises `Unreadable`, which names line and cell; then
nothing of the text is taken.
"""
