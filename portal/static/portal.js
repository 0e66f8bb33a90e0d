/* Small helpers that htmx does not bring: they only make quicker what works without them. */
"use strict";
