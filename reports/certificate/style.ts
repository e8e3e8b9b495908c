/**
 * The style sheet of a certificate's page, on a screen and on paper.
 *
 * @module
 */

/** The style sheet. */
export const CERTIFICATE_STYLE = `
:root {
  color-scheme: light dark;
  --page: light-dark(#fbfbfa, #16181b);
  --ink: light-dark(#1c1e21, #e4e6e8);
  --soft: light-dark(#5b6168, #a3aab1);
  --line: light-dark(#d9dcdf, #383e44);
  --link: light-dark(#0b57a4, #82b7f5);
  --shown: light-dark(#1a6b3c, #6fcf97);
  --contested: light-dark(#7a4d00, #e6b450);
  --waived: light-dark(#b3261e, #ff8a80);
  --open: light-dark(#6b3fa0, #c6a5f0);
}
* { box-sizing: border-box; }
html { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
body { margin: 0; background: var(--page); color: var(--ink); font-variant-numeric: tabular-nums; }
main { max-width: 64rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
.kind { text-transform: uppercase; letter-spacing: .09em; font-size: .8125rem; color: var(--soft); margin: 0; }
h1 { font-size: 1.9rem; line-height: 1.2; letter-spacing: -.015em; margin: .2rem 0 .6rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.75rem 0 .75rem; border-top: 2px solid var(--ink); padding-top: .75rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .4rem; }
p, li { max-width: 50rem; overflow-wrap: anywhere; }
.lead { font-size: 1.1rem; }
.soft { color: var(--soft); }
a { color: var(--link); }
code { font: .9em ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, monospace; overflow-wrap: anywhere; }
.states { display: flex; flex-wrap: wrap; gap: .4rem 2.25rem; list-style: none; margin: 1.5rem 0; padding: 0; }
.states b { font-size: 1.6rem; font-weight: 650; }
.states .shown { color: var(--shown); }
.states .contested { color: var(--contested); }
.states .waived { color: var(--waived); }
.states .not-covered, .states .not-observable { color: var(--open); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem; font-size: .925rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 600; }
tbody th { font-weight: 500; overflow-wrap: anywhere; }
tbody td:nth-child(2) { overflow-wrap: anywhere; }
td.number { text-align: right; }
tr.contested td:nth-child(3) { color: var(--contested); }
tr.waived td:nth-child(3) { color: var(--waived); }
tr.not-covered td:nth-child(3), tr.not-observable td:nth-child(3) { color: var(--open); }
section { overflow-x: auto; }
@media screen and (max-width: 40rem) {
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; }
  table.stack, table.stack tbody, table.stack tr, table.stack th, table.stack td { display: block; width: auto; }
  table.stack thead { display: none; }
  table.stack tr { border-bottom: 1px solid var(--line); padding: .55rem 0; }
  table.stack th, table.stack td { border: 0; padding: .05rem 0; text-align: left; }
  table.stack td[data-label]::before { content: attr(data-label) ": "; color: var(--soft); }
}
@page { margin: 18mm 15mm; }
@media print {
  :root { color-scheme: light; }
  html { font-size: 10.5pt; }
  body { background: none; }
  main { max-width: none; padding: 0; }
  section { overflow: visible; }
  thead { display: table-header-group; }
  tr, li, dd { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .front { break-after: auto; }
  a { color: inherit; }
}
`;
