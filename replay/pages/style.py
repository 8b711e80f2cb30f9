"""How the pages look: light and dark, wide and narrow, on a screen and on paper."""

from typing import Final

from replay import colours
from replay.pages.entry import LABELS, VERDICTS

COLOURS: Final = f"""
:root {{
  color-scheme: light dark;
  --paper: #fbfaf8; --card: #ffffff; --ink: #23262a; --faint: #62676d; --rule: #e4e2dd;
  --soft: #efede8; --link: #005a8e;
  --leader: {colours.LEADER}; --command: {colours.COMMAND}; --follower: {colours.FOLLOWER};
  --reject: {colours.REJECT}; --warn: {colours.WARN}; --ok: {colours.GOOD};
  --event: {colours.EVENT};
  --ok-ink: #00694d; --warn-ink: #7d5600; --reject-ink: #9c3e00;
}}
@media screen and (prefers-color-scheme: dark) {{
  :root {{
    --paper: #15171a; --card: #1b1e22; --ink: #e3e2df; --faint: #a0a4a9; --rule: #31353a;
    --soft: #262a2f; --link: #82c4ee;
    --command: color-mix(in srgb, {colours.COMMAND} 60%, #bfe6ff);
    --follower: color-mix(in srgb, {colours.FOLLOWER} 85%, white);
    --reject: color-mix(in srgb, {colours.REJECT} 70%, #ffb27a);
    --ok-ink: #4fd1a5; --warn-ink: #f0b94a; --reject-ink: #ff9d66;
  }}
}}
"""

TEXT: Final = """
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; scroll-padding-top: 1rem; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem 2rem 5rem; background: var(--paper);
  color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans",
  sans-serif; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
a { color: var(--link); text-underline-offset: .2em; text-decoration-thickness: 1px; }
a:focus-visible, button:focus-visible, input:focus-visible, .scroll:focus-visible {
  outline: 2px solid var(--link); outline-offset: 2px; }
h1 { font-size: 2rem; line-height: 1.2; font-weight: 650; letter-spacing: -.015em; margin: 0; }
h2 { font-size: 1.15rem; font-weight: 650; margin: 0 0 .25rem; }
h3 { font-size: .9rem; font-weight: 600; margin: 0 0 .35rem; }
h3 .faint { font-weight: 400; font-size: .8rem; margin-left: .35em; }
p { margin: 0 0 .5rem; max-width: 46rem; }
section { margin-top: 3rem; }
section > h2 + .grid, section > h2 + table, section > h2 + .filter, section > h2 + .findings,
section > h2 + .scroll { margin-top: .75rem; }
.lead, .faint, figcaption { color: var(--faint); font-size: .875rem; }
.lead { margin-bottom: 1rem; }
.prompt { font-size: 1.2rem; line-height: 1.4; color: var(--faint); margin: .5rem 0 1rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.top { display: flex; gap: 1.25rem; justify-content: space-between; font-size: .9rem;
  margin-bottom: 2rem; }
.top span { color: var(--faint); }
.chips { display: flex; flex-wrap: wrap; gap: .5rem; margin: .75rem 0; }
.chip { display: inline-block; white-space: nowrap; font-size: .8rem; line-height: 1.5rem;
  padding: 0 .6rem; border-radius: 1rem; background: var(--soft); color: var(--ink); }
.chip::before { margin-right: .4em; }
.chip.ok, .chip.success { color: var(--ok-ink); }
.chip.ok::before, .chip.success::before { content: "\\2713"; }
.chip.warn { color: var(--warn-ink); }
.chip.warn::before { content: "\\25B3"; }
.chip.reject, .chip.unsound, .chip.unusable, .chip.failure { color: var(--reject-ink); }
.chip.reject::before, .chip.unsound::before, .chip.unusable::before,
.chip.failure::before { content: "\\2715"; }
.chip.unlabelled::before { content: "\\25CB"; }
.chip.rig { color: var(--paper); background: var(--ink); font-weight: 600; letter-spacing: .03em; }
"""

PARTS: Final = """
.figures { display: flex; flex-wrap: wrap; gap: 1.25rem 3rem; margin: 1.75rem 0 0; }
.figures div { display: flex; flex-direction: column; }
.figures b { font-size: 1.9rem; line-height: 1.15; font-weight: 600; letter-spacing: -.02em; }
.figures span { color: var(--faint); font-size: .875rem; }
.events div { display: grid; grid-template-columns: 6rem 1fr; gap: 1rem; padding: .3rem 0;
  border-bottom: 1px solid var(--rule); }
.events { margin: .5rem 0 0; }
.events dt { color: var(--faint); text-align: right; }
.events dd { margin: 0; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr));
  gap: .75rem 2rem; margin: 1.25rem 0 0; }
.facts dt { color: var(--faint); font-size: .8rem; }
.facts dd { margin: 0; }
.grid { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1.25rem; }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: .6rem;
  padding: 1rem 1.1rem; min-width: 0; margin: 0; }
.stack { display: grid; gap: 1.25rem; align-content: start; }
.ending { font-size: .875rem; margin-bottom: .4rem; }
.card h3 + svg { margin-top: .25rem; }
.grid + .grid { margin-top: 1.25rem; }
.scroll { overflow-x: auto; }
.scroll td, .scroll th { white-space: nowrap; padding-right: 1.5rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0; font-weight: 400;
  border-bottom: 1px solid var(--rule); }
thead th { color: var(--faint); font-size: .8rem; white-space: nowrap; }
tbody th { font-weight: 600; }
#episodes { table-layout: fixed; }
#episodes td, #episodes tbody th { vertical-align: middle; padding: .4rem .9rem .4rem 0; }
#episodes tbody tr:hover { background: var(--soft); }
#episodes .picture { width: 15.5rem; }
#episodes .length { width: 6rem; }
#episodes .label { width: 11rem; }
#episodes .verdict { width: 8rem; }
#episodes img { display: block; width: 14.5rem; height: auto; border-radius: .35rem; }
#episodes .reason, #episodes .when { display: block; font-weight: 400; color: var(--faint);
  font-size: .8rem; }
th button { all: unset; cursor: pointer; }
th button:hover { color: var(--ink); }
th button:focus-visible { outline: 2px solid var(--link); }
th button::after { content: "\\2195"; margin-left: .35em; opacity: .45; }
th[aria-sort=ascending] button::after { content: "\\2191"; opacity: 1; }
th[aria-sort=descending] button::after { content: "\\2193"; opacity: 1; }
.filter { display: flex; flex-wrap: wrap; gap: .4rem 1.5rem; margin: 0 0 1rem; font-size: .875rem; }
.filter fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .4rem; }
.filter legend { float: left; color: var(--faint); padding: 0; margin-right: .25rem; }
.filter label { cursor: pointer; padding: 0 .6rem; border-radius: 1rem; line-height: 1.6rem;
  border: 1px solid var(--rule); }
.filter label:hover { border-color: var(--faint); }
.filter label:has(:checked) { background: var(--ink); color: var(--paper);
  border-color: var(--ink); }
.filter label:has(:focus-visible) { outline: 2px solid var(--link); outline-offset: 2px; }
.filter input { position: absolute; opacity: 0; pointer-events: none; }
figcaption { margin-top: .4rem; }
.strip { margin: 0 0 1.1rem; min-width: 44rem; }
.strip img { display: block; width: 100%; height: auto; border-radius: .35rem; }
.strip figcaption { margin-bottom: .2rem; }
.times { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; min-width: 44rem;
  color: var(--faint); font-size: .8rem; margin-bottom: .5rem; }
.findings { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem; }
.findings li { border-left: 4px solid var(--warn); }
.findings li.reject { border-left-color: var(--reject); }
.findings li:target { outline: 2px solid var(--link); }
.findings p { max-width: none; }
.findings .advice { color: var(--faint); font-size: .875rem; }
.findings + .faint { margin-top: .75rem; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; font-size: .875rem;
  color: var(--faint); margin: 0 0 1rem; }
.legend svg { width: 2rem; height: .75rem; margin-right: .5rem; vertical-align: baseline; }
details { margin-top: .75rem; }
summary { cursor: pointer; color: var(--link); }
pre { white-space: pre-wrap; font-size: .8rem; color: var(--faint); }
"""

DRAWINGS: Final = """
svg { display: block; width: 100%; height: auto; overflow: visible; }
.legend svg { display: inline-block; }
svg text { font-size: 11.5px; fill: var(--faint); font-family: inherit; }
svg text.strong { fill: var(--ink); }
svg text.end { text-anchor: end; }
svg text.middle { text-anchor: middle; }
.axis { stroke: var(--rule); stroke-width: 1; fill: none; }
.line { fill: none; stroke-width: 1.4; stroke-linejoin: round; stroke-linecap: round; }
.line.leader { stroke: var(--leader); stroke-width: 2.8; opacity: .75; }
.line.command { stroke: var(--command); stroke-dasharray: 5 3; stroke-linecap: butt; }
.line.follower { stroke: var(--follower); }
.dots { fill: none; stroke-linecap: round; stroke-width: 4; stroke: var(--command);
  opacity: .75; }
.span { fill: var(--warn); fill-opacity: .28; }
.span.reject { fill: var(--reject); fill-opacity: .3; }
.span.elsewhere { fill-opacity: .1; }
a:hover .span { fill-opacity: .5; }
.cursor { stroke: var(--ink); stroke-width: 1; opacity: .5; pointer-events: none; }
.track { fill: var(--soft); }
.bar.used { fill: var(--command); }
.bar.success, .bar.ok { fill: var(--ok); }
.bar.failure, .bar.reject { fill: var(--reject); }
.bar.unsound { fill: var(--follower); }
.bar.unusable { fill: var(--ink); }
.bar.warn { fill: var(--warn); }
.bar.unlabelled, .bar.other, .bar.gone { fill: var(--leader); }
"""

SIZES: Final = """
@media (max-width: 48rem) {
  body { padding: 1rem 1rem 3rem; }
  h1 { font-size: 1.6rem; }
  section { margin-top: 2.25rem; }
  .grid { grid-template-columns: minmax(0, 1fr); }
  .figures { gap: 1rem 2rem; }
  .figures b { font-size: 1.5rem; }
  svg text { font-size: 18px; }
  .card { padding: .75rem; }
  #episodes, #episodes tbody { display: block; }
  #episodes thead { display: flex; gap: 1rem; flex-wrap: wrap; }
  #episodes thead tr { display: flex; flex-wrap: wrap; gap: 0 1rem; }
  #episodes thead th { border: 0; }
  #episodes thead .picture { display: none; }
  #episodes thead th[class] { width: auto; padding: .2rem 0; }
  #episodes tbody tr { display: flex; flex-wrap: wrap; gap: .3rem .75rem; padding: 1rem 0;
    border-bottom: 1px solid var(--rule); }
  #episodes tbody td, #episodes tbody th { border: 0; padding: 0; }
  #episodes tbody .length, #episodes tbody .label, #episodes tbody .verdict { width: auto; }
  #episodes tbody .picture, #episodes tbody .what, #episodes tbody .found { width: 100%; }
  #episodes tbody td:empty { display: none; }
  #episodes img { width: 100%; max-width: 22rem; }
}
@media print {
  :root { --paper: #fff; --ink: #000; --faint: #444; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  .top, .filter { display: none; }
  .card, .findings li, .strip, #episodes tr { break-inside: avoid; }
  .scroll { overflow: visible; }
  .strip, .times { min-width: 0; }
  svg, .chip, .bar { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
"""


def _filter(name: str, words: tuple[str, ...]) -> str:
    """Rows of the table that have another word than the chosen one are not there."""
    return "".join(
        f"body:has(#{name}-{word}:checked) #episodes tbody tr:not(.{name}-{word}){{display:none}}"
        for word in words
    )


STYLE: Final = "".join(
    (COLOURS, TEXT, PARTS, DRAWINGS, SIZES, _filter("verdict", VERDICTS), _filter("label", LABELS))
)
