/**
 * How the page of behaviour windows looks.
 *
 * @module
 */

/** Its style sheet. */
export const WINDOWS_STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #888; --good: #1a7f37; --bad: #cf222e; --open: #9a6700; }
body { margin: 0; font: 15px/1.45 system-ui, sans-serif; }
main { max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { text-align: left; padding: .2rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; }
th span, h3 span { font-weight: 400; color: var(--soft); }
.cell { text-align: center; min-width: 3.5rem; }
.holds { color: var(--good); }
.broken { color: var(--bad); font-weight: 700; }
.contested, .holds-not-owed { color: var(--open); }
.not-owed { color: var(--soft); }
.key, .trace { color: var(--soft); white-space: pre-wrap; }
code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; }
`;
