/**
 * What the specification adds to the style sheet of the site.
 *
 * @module
 */

/** Rules for the specification, to stand behind the style sheet of the site. */
export const SPECIFICATION_STYLE = `
.specification h2 { font-size: 1.4rem; margin: 3.5rem 0 .75rem; padding-top: 1rem; border-top: 1px solid var(--line); }
.specification h3 { font-size: 1.1rem; margin: 2.25rem 0 .4rem; color: var(--ink); }
.specification h4 { font-size: .925rem; margin: 1.25rem 0 .25rem; }
.specification .n { color: var(--soft); font-weight: 400; margin-right: .5rem; font-variant-numeric: tabular-nums; }
.specification .clause { margin: 1.75rem 0 2.25rem; }
.specification .clause h3 { margin: 0 0 .35rem; }
.specification .clause .requirement { margin: .4rem 0 .6rem; }
.specification .clause:target .requirement, .specification .clause:target h3 { background: var(--code); }
.specification tr:target > td { background: var(--code); }
.specification strong { font-weight: 650; letter-spacing: .01em; }
.specification dl.of { display: grid; grid-template-columns: 8.5rem minmax(0, 1fr); gap: .2rem 1rem; margin: .5rem 0 0; font-size: .9rem; max-width: 58rem; }
.specification dl.of dt { color: var(--soft); }
.specification dl.of dd { margin: 0; overflow-wrap: anywhere; }
.specification dl.of dd + dd { grid-column: 2; }
.specification dl.of ul { margin: 0; padding: 0; list-style: none; }
.specification .badge { display: inline-block; border: 1px solid var(--line); border-radius: 3px; padding: 0 .4rem; font-size: .8125rem; color: var(--soft); white-space: nowrap; margin-right: .35rem; }
.specification .badge.proposed { color: var(--unknown); }
.specification .badge.contested { color: var(--contested); }
.specification .badge.mainline { color: var(--pass); }
.specification .badge.withdrawn { color: var(--fail); }
.specification nav.contents ol { list-style: none; margin: 0; padding: 0; }
.specification nav.contents > ol { columns: 22rem; column-gap: 2.5rem; font-size: .95rem; }
.specification nav.contents li { break-inside: avoid; padding: .1rem 0; }
.specification nav.contents li { display: flex; }
.specification nav.contents .n { flex: none; width: 1.75rem; }
.specification .who code { white-space: nowrap; }
.specification dl.of.sides { grid-template-columns: 14rem minmax(0, 1fr); }
.specification table.rows th:first-child, .specification table.rows td:first-child { width: 2.5rem; color: var(--soft); }
.specification table.rows td { padding-block: .3rem; }
.specification table.rows th.clause, .specification table.rows th.errno { width: 8rem; }
.specification ol.steps { margin: 0; padding-left: 1.4rem; }
.specification ol.steps li { padding: .05rem 0; }
.specification table.ways th:first-child, .specification table.ways td:first-child { width: 2.5rem; }
.specification table.ways td:nth-child(2) { width: 15rem; }
.specification .who { color: var(--soft); font-size: .9rem; }
.specification figure { margin: 1rem 0; max-width: 50rem; }
svg.machine { display: block; max-width: 100%; height: auto; font-family: inherit; }
svg.machine .state { fill: var(--card); stroke: var(--edge); stroke-width: 1.5; }
svg.machine .state.ok { stroke: var(--pass-bar); }
svg.machine .state.temp { stroke: var(--contested-bar); }
svg.machine .state.perm { stroke: var(--fail-bar); }
svg.machine .state.closed { stroke-dasharray: 5 4; }
svg.machine text { text-anchor: middle; fill: var(--ink); }
svg.machine .name { font-size: 15px; font-weight: 650; }
svg.machine .what { font-size: 12.5px; fill: var(--soft); }
svg.machine .arrow { fill: none; stroke: var(--edge); stroke-width: 1.5; }
svg.machine .head { fill: var(--edge); }
svg.machine circle.number { fill: var(--page); stroke: var(--edge); }
svg.machine text.number { font-size: 12.5px; font-weight: 600; }
@media (max-width: 46rem) {
  .specification dl.of, .specification dl.of.sides { grid-template-columns: 1fr; gap: 0; }
  .specification dl.of dd { margin-bottom: .35rem; }
  .specification dl.of dd + dd { grid-column: 1; }
  .specification table.ways td, .specification table.ways td:first-child, .specification table.ways td:nth-child(2) { width: auto; }
  .specification table.rows th:first-child, .specification table.rows td:first-child { width: 1.75rem; padding-right: .25rem; }
  .specification table.rows th.clause { width: 4.5rem; }
  .specification table.rows th.errno { width: 5.75rem; }
  .specification table.rows th, .specification table.rows td { padding-inline: .25rem; }
  .specification table.rows { font-size: .85rem; table-layout: fixed; width: 100%; }
  .specification table.rows td { overflow-wrap: anywhere; }
}
@media print {
  html { font-size: 10.5pt; }
  main { padding: 0; max-width: none; }
  .specification h2 { break-before: page; border-top: 0; }
  .specification h2, .specification h3, .specification h4 { break-after: avoid; }
  .specification .clause { break-inside: avoid-page; }
  .specification a { color: inherit; text-decoration: none; }
  .specification .sources a[href^="https:"]::after { content: " <" attr(href) ">"; font-size: .85em; overflow-wrap: anywhere; }
  .specification figure { break-inside: avoid; }
  .scroll { overflow: visible; }
}
`;
