/**
 * How the page of behaviour windows looks.
 *
 * @module
 */

/** Its style sheet. */
export const WINDOWS_STYLE = `
:root {
  color-scheme: light dark;
  --line: #8884;
  --soft: light-dark(#59636e, #9da7b1);
  --good: light-dark(#1a7f37, #4ac26b);
  --bad: light-dark(#cf222e, #ff7b72);
  --open: light-dark(#7d4e00, #d4a72c);
  --link: light-dark(#0550ae, #79c0ff);
}
body { margin: 0; font: 15px/1.45 system-ui, sans-serif; background: light-dark(#fff, #0d1117); color: light-dark(#1f2328, #e6edf3); }
main { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; line-height: 1.25; }
h1 span, th span, h3 span { font-weight: 400; color: var(--soft); }
h1 span { display: block; font-size: 1rem; }
h2 { margin-top: 2.5rem; }
a { color: var(--link); }
.wide { position: relative; overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { text-align: left; padding: .2rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; }
th[scope="row"] span { display: inline-block; }
td code, time { white-space: nowrap; }
.matrix { width: 100%; }
.cell { text-align: center; width: 3.5rem; padding-inline: .25rem; }
.holds { color: var(--good); }
.broken { color: var(--bad); font-weight: 700; }
.contested, .left-open, .holds-not-owed { color: var(--open); }
.not-owed { color: var(--soft); }
.key { display: flex; flex-wrap: wrap; gap: .2rem 1.25rem; color: var(--soft); }
.trace { color: var(--soft); white-space: pre-wrap; }
.aloud { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
li { margin: .25rem 0; overflow-wrap: anywhere; }
code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  main { margin: 1rem auto; }
  ul { padding-left: 1.1rem; }
  th, td { padding-inline: .35rem; }
  .cell { width: 2.3rem; padding-inline: .1rem; }
}
`;
