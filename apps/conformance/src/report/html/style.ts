/** Readable in light and dark, without a script and without anything from elsewhere. */
export const STYLE = `
:root { color-scheme: light dark; --ok: light-dark(#d9f2df, #12381f); --bad: light-dark(#fbd9d7, #551b18);
  --odd: light-dark(#fdeec8, #4a3a0c); --none: light-dark(#eeeeee, #2a2a2a); --line: light-dark(#cccccc, #444444);
  --text: light-dark(#1c1c1c, #e8e8e8); --page: light-dark(#ffffff, #161616); --link: light-dark(#0b57d0, #8ab4f8); }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; }
h3 { font: inherit; display: inline; } summary h2 { display: inline; } li { overflow-wrap: anywhere; } h4 { font-size: inherit; margin: .8rem 0 .2rem; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
table { border-collapse: collapse; margin: 1.2rem 0; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left; }
td.cell { text-align: right; font-variant-numeric: tabular-nums; }
td.cell a { color: inherit; display: block; }
.ok { background: var(--ok); } .bad { background: var(--bad); } .odd { background: var(--odd); } .none { background: var(--none); }
details { border: 1px solid var(--line); border-radius: 4px; margin: .4rem 0; padding: .3rem .7rem; }
summary { cursor: pointer; }
summary .verdict { display: inline-block; min-width: 4.5rem; padding: 0 .4rem; border-radius: 3px; text-align: center; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .8rem; } dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
code { font: 13px/1.45 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { overflow-x: auto; background: var(--none); padding: .6rem; border-radius: 4px; font: 13px/1.45 ui-monospace, monospace; }
.wide { overflow-x: auto; } .note { opacity: .8; }
.mark { font-weight: 700; }
@media print { details::details-content { content-visibility: visible; } }
`;
