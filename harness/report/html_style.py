"""The style sheet of index.html: the system's fonts, light and dark as the reader has it."""

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --pass: #2a8a4a; --fail: #d03030; --flaky: #b87a00;
  --error: #9a3fb5; --skip: #777; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 78rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; }
header p { margin: .3rem 0; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
thead th { font-weight: 600; font-size: .8rem; color: #888; position: sticky; top: 0; background: Canvas; }
thead th:last-child, td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.bar { width: 34%; }
svg { width: 100%; height: .9rem; display: block; margin-top: .3rem; background: var(--soft); border-radius: 3px; }
.h0 { fill: #4c78a8; } .h1 { fill: #72a0cf; } .h2 { fill: #54a24b; } .h3 { fill: #88c37f; } .h4 { fill: #79706e; }
.h5 { fill: #b0a6a3; } .lost { fill: var(--fail); opacity: .45; }
.badge, .pill span { display: inline-block; border-radius: 1rem; padding: 0 .6rem; color: #fff; background: #777;
  font-size: .8rem; }
.pass > span, .badge.pass { background: var(--pass); } .fail > span, .badge.fail { background: var(--fail); }
.flaky > span, .badge.flaky { background: var(--flaky); } .error > span, .badge.error { background: var(--error); }
.skip > span, .badge.skip { background: var(--skip); } .all > span { background: #446; }
.pill { cursor: pointer; margin-right: .3rem; } .pill input { position: absolute; opacity: 0; }
.pill input:focus-visible + span { outline: 2px solid Highlight; }
.pills:has(input:checked) input:not(:checked) + span { opacity: .55; }
body:has(#only-pass:checked) > table > tbody > tr:not(.pass),
body:has(#only-fail:checked) > table > tbody > tr:not(.fail),
body:has(#only-flaky:checked) > table > tbody > tr:not(.flaky),
body:has(#only-error:checked) > table > tbody > tr:not(.error),
body:has(#only-skip:checked) > table > tbody > tr:not(.skip) { display: none; }
summary { cursor: pointer; overflow-wrap: anywhere; } summary em { color: var(--fail); }
details details { margin: .2rem 0; font-size: .9rem; }
.cause { border-left: 3px solid var(--fail); padding-left: .6rem; overflow-wrap: anywhere; }
ol { padding-left: 1.4rem; margin: .3rem 0; } li code { color: #888; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--soft); padding: .6rem; border-radius: 4px;
  margin: .3rem 0; font-size: .8rem; }
img.screen { max-width: 100%; border: 1px solid var(--line); }
pre.console { background: #14171c; color: #d5dae2; max-height: 30rem; overflow-y: auto; }
.facts th { width: 1%; font-weight: 500; color: #888; white-space: nowrap; } .facts td { overflow-wrap: anywhere; }
.facts td, .facts th { border: 0; padding: .1rem .6rem .1rem 0; }
"""
