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
a:focus-visible, summary:focus-visible, select:focus-visible, button:focus-visible, input:focus-visible {
  outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px;
}
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .5rem 1rem; z-index: 1; }
header.site { border-bottom: 1px solid var(--line); background: var(--card); }
header.site > div, main, footer.site { max-width: 68rem; margin: 0 auto; padding: 0 1.5rem; }
header.site > div { display: flex; flex-wrap: wrap; gap: .25rem 1.75rem; align-items: baseline; padding-block: .9rem; }
header.site .name { font-weight: 650; color: var(--ink); text-decoration: none; letter-spacing: -.01em; }
header.site nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
header.site nav a { color: var(--soft); text-decoration: none; }
header.site nav a:hover, header.site nav a[aria-current] { color: var(--ink); text-decoration: underline; }
main { padding-block: 2.25rem 4rem; }
footer.site { color: var(--soft); font-size: .875rem; padding-block: 1.5rem 2.5rem; border-top: 1px solid var(--line); }
h1 { font-size: 1.65rem; line-height: 1.25; letter-spacing: -.015em; margin: 0 0 .4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p { max-width: 46rem; margin: .5rem 0; }
.crumbs { color: var(--soft); font-size: .875rem; margin: 0 0 .75rem; }
.lead { font-size: 1.05rem; color: var(--soft); max-width: 46rem; }
.soft { color: var(--soft); }
.requirement { font-size: 1.1rem; border-left: 3px solid var(--line); padding-left: 1rem; }
code, pre, .mono { font-family: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, monospace; }
code { font-size: .9em; overflow-wrap: anywhere; }
pre { background: var(--code); border-radius: 6px; padding: .9rem 1.1rem; overflow-x: auto; font-size: .85rem; line-height: 1.5; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .925rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .9rem .5rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); font-size: .8125rem; white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.whole { white-space: nowrap; }
td.wide { min-width: 16rem; }
td.share { width: 34%; padding-top: .85rem; }
tr:target, section:target { background: var(--code); }
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
.counts b { font-size: 1.35rem; font-weight: 600; margin-right: .35rem; }
.counts li { color: var(--soft); }
.counts li.zero b { font-weight: 400; }
.notice { border: 1px solid var(--line); border-left: 4px solid var(--contested-bar); background: var(--card);
  padding: .6rem 1rem; border-radius: 4px; max-width: 46rem; }
.notice.bad { border-left-color: var(--fail-bar); }
form.filter { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; margin: 1rem 0; }
form.filter label { display: grid; gap: .15rem; font-size: .8125rem; color: var(--soft); }
select, button, input { font: inherit; font-size: .925rem; padding: .3rem .6rem; border: 1px solid var(--line);
  border-radius: 4px; background: var(--card); color: var(--ink); height: 2.2rem; }
ol.steps { list-style: none; margin: 0; padding: 0; border: 1px solid var(--line); border-radius: 6px; background: var(--card); }
ol.steps > li { padding: .65rem 1rem; border-bottom: 1px solid var(--line); display: grid;
  grid-template-columns: minmax(0, 1.15fr) minmax(0, 1fr); gap: .25rem 1.5rem; }
ol.steps > li:last-child { border-bottom: 0; }
ol.steps > li.unmet { box-shadow: inset 4px 0 0 var(--fail-bar); }
ol.steps > li.alternative { box-shadow: inset 4px 0 0 var(--contested-bar); }
ol.steps .call { font-size: .9rem; overflow-wrap: anywhere; }
ol.steps .call .bind { color: var(--soft); }
ol.steps .depth-1 .call { padding-left: 1.5rem; }
ol.steps .depth-2 .call { padding-left: 3rem; }
ol.steps .depth-3 .call { padding-left: 4.5rem; }
ol.steps .said { font-size: .9rem; }
ol.steps .said dl { display: grid; grid-template-columns: 5rem 1fr; gap: 0 .5rem; margin: 0; }
ol.steps .said dt { color: var(--soft); }
ol.steps .said dd { margin: 0; overflow-wrap: anywhere; }
ol.steps .more { grid-column: 1 / -1; font-size: .85rem; color: var(--soft); }
ol.steps .more ul { margin: .15rem 0 0; padding-left: 1.1rem; }
.clauses { margin: 0; padding: 0; list-style: none; }
.clauses > li { padding: .55rem 0; border-bottom: 1px solid var(--line); }
a.mono, span.mono.id { white-space: nowrap; }
.clauses .mono { font-weight: 600; margin-right: .6rem; }
details > summary { cursor: pointer; }
@media (max-width: 46rem) {
  html { font-size: 15px; }
  header.site > div, main, footer.site { padding-inline: 1rem; }
  ol.steps > li { grid-template-columns: minmax(0, 1fr); }
  dl.facts { grid-template-columns: 1fr; gap: 0; }
  dl.facts dd { margin-bottom: .6rem; }
}
@media print {
  header.site nav, form.filter, .skip { display: none; }
  body { background: none; }
  a { color: inherit; }
  ol.steps > li, tr { break-inside: avoid; }
}
`;
