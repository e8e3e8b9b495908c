/**
 * The style sheet: one column, a system font, figures in columns, colours that are never the only sign.
 *
 * @module
 */

/** The style sheet of every page, and of a report in a single file. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: light-dark(#fbfbfa, #16181b);
  --card: light-dark(#ffffff, #1d2024);
  --ink: light-dark(#1c1e21, #e4e6e8);
  --soft: light-dark(#5b6168, #a3aab1);
  --line: light-dark(#e0e2e4, #33383e);
  --edge: light-dark(#82898f, #737b84);
  --link: light-dark(#0b57a4, #82b7f5);
  --code: light-dark(#f1f2f3, #25292e);
  --pass: light-dark(#1a6b3c, #6fcf97);
  --fail: light-dark(#b3261e, #ff8a80);
  --contested: light-dark(#7a4d00, #e6b450);
  --unknown: light-dark(#6b3fa0, #c6a5f0);
  --quiet: light-dark(#5b6168, #98a0a8);
  --pass-bar: light-dark(#2f9e60, #3f9d68);
  --fail-bar: light-dark(#d5483f, #d9584e);
  --contested-bar: light-dark(#d39a2c, #b98626);
  --unknown-bar: light-dark(#9068c8, #8a66bd);
  --quiet-bar: light-dark(#c9cdd1, #474d54);
}
* { box-sizing: border-box; }
html { font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
body { margin: 0; background: var(--page); color: var(--ink); font-variant-numeric: tabular-nums; }
a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: 2px; }
a:focus-visible, summary:focus-visible, select:focus-visible, button:focus-visible, input:focus-visible, .scroll:focus-visible {
  outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px;
}
.skip { position: absolute; left: -100vw; }
.aloud { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .5rem 1rem; z-index: 1; }
header.site { border-bottom: 1px solid var(--line); background: var(--card); }
header.site > div, main, footer.site > div { max-width: 71rem; margin: 0 auto; padding: 0 1.5rem; }
header.site > div { display: flex; flex-wrap: wrap; gap: .25rem 1.75rem; align-items: baseline; padding-block: .9rem; }
header.site .name { font-weight: 650; color: var(--ink); text-decoration: none; letter-spacing: -.01em; }
header.site nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
header.site nav a { color: var(--soft); text-decoration: none; }
header.site nav a:hover, header.site nav a[aria-current] { color: var(--ink); text-decoration: underline; }
main { padding-block: 2.25rem 4rem; }
footer.site { color: var(--soft); font-size: .875rem; padding-block: 1.25rem 2.5rem; border-top: 1px solid var(--line); }
h1 { font-size: 1.65rem; line-height: 1.25; letter-spacing: -.015em; margin: 0 0 .4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; overflow-wrap: anywhere; }
h3.mono, section > h3 { color: var(--soft); }
p { max-width: 46rem; margin: .5rem 0; }
.crumbs { color: var(--soft); font-size: .875rem; margin: 0 0 .75rem; }
.lead { font-size: 1.05rem; color: var(--soft); max-width: 46rem; }
.soft { color: var(--soft); }
.requirement { font-size: 1.1rem; border-left: 3px solid var(--line); padding-left: 1rem; }
code, pre, .mono { font-family: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, monospace; }
code { font-size: .9em; overflow-wrap: anywhere; }
pre { background: var(--code); border-radius: 6px; padding: .9rem 1.1rem; overflow-x: auto; font-size: .85rem; line-height: 1.5; }
.scroll { position: relative; overflow-x: auto; padding: 4px; margin: -4px; }
table { border-collapse: collapse; width: 100%; font-size: .925rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .9rem .5rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); font-size: .8125rem; white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; }
td .mono, td.mono { font-size: .9em; overflow-wrap: anywhere; }
a.mono { white-space: nowrap; }
td a.mono, .links a { display: inline-block; white-space: nowrap; overflow-wrap: normal; min-height: 24px; line-height: 24px; }
time { white-space: nowrap; }
td.whole { min-width: 12rem; max-width: 24rem; overflow-wrap: anywhere; }
td.whole a.mono, table.newest td a.mono { white-space: normal; overflow-wrap: anywhere; }
td.wide { min-width: 16rem; }
td.share { min-width: 11rem; width: 40%; padding-top: .85rem; }
th.id, th.status, th.verdict { width: 1%; }
th.ids { width: 9rem; }
th.cases { width: 6rem; }
th.time { width: 5.5rem; }
th.run { width: 13rem; }
table.areas { width: auto; min-width: min(100%, 52rem); }
table.areas tbody th { font-size: .925rem; font-weight: 500; }
table.areas td.share { width: 14rem; }
table.arguments th { width: 20%; }
table.arguments th:last-child { width: 40%; }
tr:target > td, section:target > h2 { background: var(--code); }
.partial { color: var(--contested); font-size: .8125rem; font-weight: 600; white-space: nowrap; }
.count-line { display: flex; flex-wrap: wrap; gap: 0 1rem; font-size: .8125rem; margin-top: .3rem; }
dl.problems dd { margin: 0 0 .6rem; max-width: 46rem; }
.links { display: flex; flex-wrap: wrap; gap: 0 1rem; }
ul.index { list-style: none; margin: 1rem 0; padding: 0; columns: 21rem; column-gap: 2rem; font-size: .925rem; }
ul.index li { break-inside: avoid; padding: .1rem 0; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.5rem; margin: 1.25rem 0; font-size: .925rem; }
dl.facts dt { color: var(--soft); }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
.word { white-space: nowrap; font-weight: 600; }
.word.pass { color: var(--pass); }
.word.fail { color: var(--fail); }
.word.contested { color: var(--contested); }
.word.unknown { color: var(--unknown); }
.word.not-supported, .word.not-run, .word.none { color: var(--quiet); font-weight: 500; }
.bar { display: block; width: 100%; min-width: 9rem; height: .6rem; border-radius: 3px; background: var(--quiet-bar); }
.bar .pass { fill: var(--pass-bar); }
.bar .fail { fill: var(--fail-bar); }
.bar .contested { fill: var(--contested-bar); }
.bar .unknown { fill: var(--unknown-bar); }
.bar .not-supported, .bar .not-run { fill: var(--quiet-bar); }
.counts { display: flex; flex-wrap: wrap; gap: .35rem 1.75rem; margin: 1.25rem 0 .6rem; padding: 0; list-style: none; }
.counts b { font-size: 1.35rem; font-weight: 600; margin-right: .35rem; color: var(--ink); }
.counts li { color: var(--soft); }
.counts a { color: inherit; }
.counts li.zero b, .counts li.zero .word { font-weight: 400; color: var(--quiet); }
.notice { border: 1px solid var(--line); border-left: 4px solid var(--contested-bar); background: var(--card);
  padding: .6rem 1rem; border-radius: 4px; max-width: 46rem; overflow-wrap: anywhere; }
.notice.bad { border-left-color: var(--fail-bar); }
form.filter { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; margin: 1rem 0; }
form.filter label { display: grid; gap: .15rem; font-size: .8125rem; color: var(--soft); }
ul.notice { list-style: none; margin: 1rem 0; }
ul.notice li + li { margin-top: .35rem; }
select, button, input { font: inherit; font-size: .925rem; padding: .3rem .6rem; border: 1px solid var(--edge);
  border-radius: 4px; background: var(--card); color: var(--ink); height: 2.2rem; }
table.steps { border: 1px solid var(--line); background: var(--card); font-size: .9rem; table-layout: fixed; }
table.steps thead th { padding: .45rem 1rem; }
table.steps thead th:first-child { width: 46%; }
table.steps thead th:nth-child(2) { width: 22%; }
table.steps td { padding: .4rem 1rem; overflow-wrap: anywhere; }
table.steps tr.section th { padding: .4rem 1rem; background: var(--code); color: var(--ink); font-size: .875rem; }
table.steps tr.unmet > td:first-child { box-shadow: inset 4px 0 0 var(--fail-bar); }
table.steps tr.alternative > td:first-child { box-shadow: inset 4px 0 0 var(--contested-bar); }
table.steps td.call { font-size: .8438rem; line-height: 1.6; }
table.steps td.depth-1 { padding-left: 2.5rem; }
table.steps td.depth-2 { padding-left: 4rem; }
table.steps td.depth-3 { padding-left: 5.5rem; }
.note { font-family: system-ui, sans-serif; color: var(--soft); margin-top: .15rem; }
.remarks { margin: .15rem 0 0; padding: 0; list-style: none; color: var(--soft); font-size: .85rem; }
dl.clauses { display: grid; grid-template-columns: max-content 1fr; gap: .5rem 1.25rem; margin: 0; max-width: 58rem; }
dl.clauses dt { font-weight: 600; }
dl.clauses dd { margin: 0; }
.under { margin: .15rem 0 1rem; display: flex; flex-wrap: wrap; gap: 0 1rem; align-items: baseline; max-width: none; }
.why { font-size: 1.05rem; }
pre.wrap { white-space: pre-wrap; overflow-wrap: anywhere; }
nav.neighbours { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .5rem 2rem; margin-top: 3rem; padding-top: 1rem;
  border-top: 1px solid var(--line); font-size: .925rem; }
nav.neighbours > * { max-width: 47%; }
nav.neighbours > :last-child { text-align: right; }
details.case { border-bottom: 1px solid var(--line); }
details.case > summary { padding: .45rem 0; overflow-wrap: anywhere; }
details.case[open] { padding-bottom: 1.5rem; }
details.case h2 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
details > summary { cursor: pointer; }
@media screen and (max-width: 46rem) {
  html { font-size: 15px; }
  header.site > div, main, footer.site > div { padding-inline: 1rem; }
  table.stack, table.stack tbody, table.stack tr, table.stack td { display: block; width: auto; }
  table.stack thead { display: none; }
  table.stack tr { border-bottom: 1px solid var(--line); padding: .55rem 0; }
  table.stack td, table.stack tbody th { border: 0; padding: .05rem 0; text-align: left; }
  table.stack tbody th { display: block; }
  table.stack td a { display: inline-block; min-height: 24px; }
  table.stack td[data-label]::before { content: attr(data-label) ": "; color: var(--soft); }
  table.areas td.share, table.areas th.share { display: none; }
  ul.index { columns: auto; }
  table.steps, table.steps tbody, table.steps tr, table.steps td, table.steps tr.section th { display: block; width: 100%; }
  table.steps thead { display: none; }
  table.steps tr { border-bottom: 1px solid var(--line); padding: .35rem 0; }
  table.steps tr.section { padding: 0; }
  table.steps td { border: 0; padding-block: .1rem; }
  table.steps td.expected::before { content: "expected: "; color: var(--soft); }
  table.steps td.seen::before { content: "seen: "; color: var(--soft); }
  dl.clauses { grid-template-columns: 1fr; gap: 0; }
  dl.clauses dd { margin-bottom: .6rem; }
  dl.facts { grid-template-columns: 1fr; gap: 0; }
  dl.facts dd { margin-bottom: .6rem; }
}
@media print {
  :root { color-scheme: light; }
  header.site nav, form.filter, .skip, nav.neighbours { display: none; }
  body { background: none; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  .bar { print-color-adjust: exact; }
  a { color: inherit; }
  tr { break-inside: avoid; }
}
.large { font-size: 2rem; font-weight: 650; letter-spacing: -.02em; }
.count { font-weight: 400; font-size: .95rem; }
progress { display: block; appearance: none; width: 100%; height: .6rem; margin: .75rem 0; border: 0; border-radius: 3px;
  overflow: hidden; background: var(--quiet-bar); }
progress::-webkit-progress-bar { background: var(--quiet-bar); }
progress::-webkit-progress-value { background: var(--link); }
progress::-moz-progress-bar { background: var(--link); }
ul.plain { list-style: none; margin: .5rem 0; padding: 0; font-size: .925rem; }
ul.plain li { padding: .15rem 0; overflow-wrap: anywhere; }
ul.plain a.mono, dl.problems a.mono { white-space: normal; overflow-wrap: anywhere; }
.under > a { display: inline-block; min-height: 24px; }
ul.log li { padding: .3rem 0; border-bottom: 1px solid var(--line); }
.level { display: inline-block; min-width: 3rem; font-size: .8125rem; font-weight: 600; color: var(--soft); }
.level.warn { color: var(--contested); }
.level.emerg, .level.alert, .level.crit, .level.err { color: var(--fail); }
form.filter .grow { flex: 1 1 22rem; }
form.filter .grow input { width: 100%; }
form.filter .help { flex-basis: 100%; margin: 0; font-size: .8125rem; max-width: none; }
td.pick { width: 2rem; }
td.pick label { display: block; min-width: 1.5rem; min-height: 1.5rem; }
td.pick input { width: 1.15rem; height: 1.15rem; margin: .2rem 0 0; accent-color: var(--link); }
a.changed { font-weight: 600; }
table.newest td { padding-block: .8rem; overflow-wrap: anywhere; }
table.newest td.share { min-width: 17rem; width: 34%; }
table.newest th.target { min-width: 15rem; }
@media screen { table.certificates td:first-child { min-width: 9rem; } }
.strip, .durations { display: block; }
.strip { max-width: none; }
.strip .hit { fill: transparent; }
.strip a:hover .hit { fill: var(--code); }
rect.pass { fill: var(--pass-bar); }
rect.fail { fill: var(--fail-bar); }
rect.contested { fill: var(--contested-bar); }
rect.unknown { fill: var(--unknown-bar); }
rect.not-supported { fill: var(--quiet-bar); }
rect.not-run { fill: var(--quiet-bar); fill-opacity: .5; }
rect.absent { fill: none; stroke: var(--line); }
text.mark { font-size: 11px; font-weight: 700; text-anchor: middle; fill: #fff; }
text.mark.contested { fill: #1c1e21; }
.box { display: inline-block; width: 1.5rem; height: 1rem; border-radius: 2px; font-size: .75rem; font-weight: 700;
  line-height: 1rem; text-align: center; color: #fff; vertical-align: middle; print-color-adjust: exact; }
.box.pass { background: var(--pass-bar); }
.box.fail { background: var(--fail-bar); }
.box.contested { background: var(--contested-bar); color: #1c1e21; }
.box.unknown { background: var(--unknown-bar); }
.box.not-supported { background: var(--quiet-bar); }
.box.not-run { background: var(--quiet-bar); opacity: .5; }
.box.absent { box-shadow: inset 0 0 0 1px var(--line); }
table.matrix { width: auto; font-size: .875rem; }
table.matrix thead th { position: sticky; top: 0; background: var(--page); vertical-align: bottom; z-index: 1; }
table.matrix thead th.run { padding: .3rem 0; width: 1.75rem; text-align: center; }
table.matrix thead th.run span { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 11rem; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; display: inline-block; font-weight: 500; }
table.matrix tr.section th { padding: 1.4rem 0 .35rem; font-size: 1rem; color: var(--ink); white-space: normal; }
table.matrix tbody tr:not(.section) th { font-weight: 400; padding: .18rem 1rem .18rem 0; color: var(--ink); white-space: normal; }
table.matrix tbody tr:not(.section) th .mono { display: inline-block; min-width: 5.5rem; white-space: nowrap; }
table.matrix td { padding: .18rem .125rem; text-align: center; }
@media (min-width: 62rem) { .scroll.wide-enough { overflow: visible; } }
@media screen and (max-width: 46rem) { table.matrix .title { display: none; } }
.durations .time, svg.share .time { fill: light-dark(#c9dcf2, #2b415c); }
.durations text { font-size: 12.5px; fill: var(--ink); }
.durations text.value { text-anchor: end; fill: var(--soft); }
.durations text.name { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, monospace; font-size: 12px; }
.durations a:hover text.name { text-decoration: underline; }
svg.share { display: block; width: 4.5rem; height: .35rem; margin: .25rem 0 0; }
table.compare thead th { position: sticky; top: 0; background: var(--page); vertical-align: bottom; z-index: 1; }
table.compare thead th.run { width: 7.5rem; white-space: normal; overflow-wrap: anywhere; padding-left: .75rem; }
table.compare tbody th { font-size: .925rem; font-weight: 500; color: var(--ink); white-space: normal; min-width: 18rem; overflow-wrap: break-word; }
table.compare tbody th .mono { font-size: .85em; }
table.compare tr.seen > * { border-bottom: 0; }
table.compare td.list { padding-top: 0; }
table.compare td.list ul { margin: 0; }
table.compare td.cell { padding-left: .75rem; white-space: nowrap; }
table.compare td.cell[colspan] { background: linear-gradient(var(--line), var(--line)) .75rem 2.1rem / calc(100% - 1.5rem) 2px no-repeat; }
table.compare td.cell a { text-decoration: none; }
table.compare td.cell a:hover { text-decoration: underline; }
table.compare td.begins { box-shadow: inset 3px 0 0 var(--contested-bar); }
table.windows tbody { border-bottom: 1px solid var(--edge); }
table.windows tbody th { font-weight: 600; white-space: nowrap; color: var(--ink); }
table.windows td { overflow-wrap: anywhere; }
table.windows td.mono { overflow-wrap: break-word; white-space: nowrap; }
svg.sequence { display: block; font-size: 12.5px; margin: .5rem 0 1rem; }
.sequence .lane rect { fill: var(--card); stroke: var(--edge); }
.sequence .lane.user rect { fill: var(--code); }
.sequence .lane text { text-anchor: middle; fill: var(--ink); }
.sequence .lane text.name { font-weight: 600; font-family: ui-monospace, "DejaVu Sans Mono", Menlo, monospace; }
.sequence .lane text.what { fill: var(--soft); font-size: 11px; }
.sequence .life { stroke: var(--edge); stroke-dasharray: 2 4; }
.sequence .band rect { fill: var(--code); }
.sequence .band text { fill: var(--soft); font-size: 11.5px; font-weight: 600; }
.sequence .arrow path { fill: none; stroke: var(--ink); stroke-width: 1.3; }
.sequence .arrow text { fill: var(--ink); font-family: ui-monospace, "DejaVu Sans Mono", Menlo, monospace; font-size: 12px;
  paint-order: stroke; stroke: var(--page); stroke-width: 4px; stroke-linejoin: round; }
.sequence .arrow.event path { stroke-dasharray: 5 3; stroke: var(--link); }
.sequence .arrow.event text { fill: var(--link); }
.sequence .arrow.return path { stroke-dasharray: 2 3; stroke: var(--soft); }
.sequence .arrow.unmet path { stroke: var(--fail-bar); stroke-width: 2; }
.sequence .arrow.unmet text { fill: var(--fail); font-weight: 700; }
.sequence .arrow.alternative path { stroke: var(--contested-bar); stroke-width: 2; }
.sequence .arrow.alternative text { fill: var(--contested); font-weight: 700; }
.sequence .tip { fill: context-stroke; }
.sequence a:hover text { text-decoration: underline; }
.sequence .state.live rect { fill: var(--pass-bar); }
.sequence .state.temporary rect { fill: var(--contested-bar); }
.sequence .state.permanent rect { fill: var(--fail-bar); }
.sequence .state.closed rect { fill: var(--quiet-bar); }
.sequence .state text { font-size: 11px; fill: var(--soft); paint-order: stroke; stroke: var(--page); stroke-width: 4px; }
.sequence .wait { fill: var(--unknown-bar); }
@media screen and (max-width: 46rem) {
  .scroll.folds { overflow: visible; }
  table.compare, table.compare thead, table.compare tbody { display: block; }
  table.compare thead { position: sticky; top: 0; z-index: 1; background: var(--page); }
  table.compare tr { display: flex; flex-wrap: wrap; align-items: flex-end; border-bottom: 1px solid var(--line); }
  table.compare tr.seen { border-bottom: 0; }
  table.compare tr > * { border-bottom: 0; }
  table.compare tr > :first-child { flex: 1 0 100%; min-width: 0; padding-bottom: 0; }
  table.compare tr > td.list { padding-block: 0 .6rem; }
  table.compare thead tr > :first-child { position: absolute; clip-path: inset(50%); }
  table.compare thead th.run, table.compare td.cell { flex: 1 1 0; width: auto; min-width: 0; padding: .3rem 0 .3rem .35rem; }
  table.compare thead th.long { display: flex; max-height: 11rem; overflow: hidden; writing-mode: vertical-rl; transform: rotate(180deg); }
  table.compare td.cell[colspan] { background: linear-gradient(var(--line), var(--line)) 1.9rem 1.05rem / calc(100% - 2.25rem) 2px no-repeat; }
  table.compare .cell .word { font-size: 0; }
  table.compare .cell .word > [aria-hidden] { font-size: 1rem; }
  table.compare td.cell[colspan="2"] { flex-grow: 2; }
  table.compare td.cell[colspan="3"] { flex-grow: 3; }
  table.compare td.cell[colspan="4"] { flex-grow: 4; }
  table.compare td.cell[colspan="5"] { flex-grow: 5; }
  table.compare td.cell[colspan="6"] { flex-grow: 6; }
  table.compare td.cell[colspan="7"] { flex-grow: 7; }
  table.compare td.cell[colspan="8"] { flex-grow: 8; }
  table.compare td.cell[colspan="9"] { flex-grow: 9; }
  table.compare td.cell[colspan="10"] { flex-grow: 10; }
  table.compare td.cell[colspan="11"] { flex-grow: 11; }
  table.compare td.cell[colspan="12"] { flex-grow: 12; }
  table.newest td, table.newest td.share { padding-block: .15rem; min-width: 0; width: auto; }
}
@media print {
  .strip, .durations, .sequence { print-color-adjust: exact; max-width: 100%; height: auto; }
  .scroll { overflow: visible; padding: 0; margin: 0; }
  td.whole, a.mono, td a.mono { white-space: normal; overflow-wrap: anywhere; }
  td.wide, td.share, table.newest td.share { min-width: 6rem; }
  table th, table td, td .word { white-space: normal; }
  table.newest th.target { min-width: 8rem; }
  table.compare tbody th { min-width: 9rem; }
  table.compare details::details-content { content-visibility: visible; }
  table.compare thead th.run { width: auto; }
  section { break-inside: auto; }
  h2, h3 { break-after: avoid; }
}
.hero { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 .75rem; max-width: none; margin: 1.25rem 0 .5rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); gap: 1.25rem; margin-top: 2rem; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1.1rem 1.25rem; }
.tile h2 { margin: 0; font-size: 1rem; }
.tile .large { margin: .4rem 0 .1rem; line-height: 1.2; }
.tile > :last-child { margin-bottom: 0; }
.tile p:not(.large) { font-size: .925rem; }
.tile .bar { min-width: 0; margin: .75rem 0 .5rem; }
ul.badges { list-style: none; margin: 1.5rem 0; padding: 0; }
ul.badges li { display: grid; grid-template-columns: minmax(14rem, max-content) 1fr; gap: .3rem 1.5rem; align-items: center;
  padding: .8rem 0; border-bottom: 1px solid var(--line); }
ul.badges code { grid-column: 1 / -1; font-size: .8125rem; }
ul.badges img { display: block; max-width: 100%; }
.durations text.figure { text-anchor: middle; font-size: 11px; }
.durations text.soft { fill: var(--soft); font-size: 11.5px; }
.bar.outcomes { background: none; }
.bar.outcomes .time { fill: light-dark(#86add6, #4c74a3); }
th .words { font-weight: 400; white-space: normal; min-width: 11rem; max-width: 22rem; }
table.mutants th:last-child { width: 42%; }
table.mutants td a.mono, table.races td a.mono { white-space: normal; overflow-wrap: anywhere; }
table.races td.share { width: 26%; }
a.mail { white-space: normal; overflow-wrap: anywhere; font-size: .875em; }
.happened.not-supported .unmet > td:first-child { box-shadow: inset 4px 0 0 var(--quiet-bar); }
.happened.not-supported .word.fail { color: var(--quiet); }
.happened.not-supported .arrow.unmet path { stroke: var(--soft); stroke-width: 1.3; }
.happened.not-supported .arrow.unmet text { fill: var(--soft); font-weight: 400; }
.checks { margin: 0 0 2rem; }
.certificate { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 2.25rem 2.5rem 2.5rem; }
.certificate .kind { text-transform: uppercase; letter-spacing: .09em; font-size: .8125rem; color: var(--soft); margin: 0 0 .3rem; }
.certificate h1 { font-size: 1.9rem; }
.certificate .lead { color: var(--ink); }
.certificate .states { display: flex; flex-wrap: wrap; gap: .4rem 2.25rem; list-style: none; margin: 1.5rem 0; padding: 0; }
.certificate .states b { font-size: 1.6rem; font-weight: 650; }
.certificate .states .shown { color: var(--pass); }
.certificate .states .contested { color: var(--contested); }
.certificate .states .waived { color: var(--fail); }
.certificate .states .not-covered, .certificate .states .not-observable { color: var(--unknown); }
.certificate section { position: relative; overflow-x: auto; }
.certificate section + section h2:first-child { border-top: 1px solid var(--line); padding-top: 1.75rem; }
.certificate li { max-width: 58rem; margin-bottom: .35rem; }
.certificate li .mono, .certificate th .mono { font-size: .9em; }
.certificate table { font-size: .85rem; }
.certificate tbody th { font-size: 1em; white-space: normal; min-width: 5.5rem; }
.certificate tbody th .mono { white-space: normal; overflow-wrap: anywhere; }
.certificate tbody th a[href*="/clauses/"] { white-space: nowrap; }
.certificate tr.contested td:nth-child(3) { color: var(--contested); }
.certificate tr.waived td:nth-child(3) { color: var(--fail); }
.certificate tr.not-covered td:nth-child(3), .certificate tr.not-observable td:nth-child(3) { color: var(--unknown); }
@media screen and (max-width: 46rem) {
  ul.badges li { grid-template-columns: 1fr; }
  .certificate { padding: 1.25rem 1rem; }
  .certificate ul { padding-left: 1.1rem; }
}
@page { margin: 16mm 14mm; }
@media print {
  html { font-size: 10.5pt; }
  main, header.site > div, footer.site > div { max-width: none; padding-inline: 0; }
  main { padding-block: 0; }
  header.site, .crumbs, .screen { display: none; }
  thead { display: table-header-group; }
  .certificate { border: 0; padding: 0; background: none; }
  .certificate section { overflow: visible; }
  .certificate li { break-inside: avoid; }
  .tile, .badges li { break-inside: avoid; }
}
`;
