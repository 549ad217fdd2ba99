// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/replay_style.h"

// Also on paper, whatever the screen has.
#define LIGHT                                                                                      \
    "--ink:#1b2430;--soft:#566372;--rule:#d9dfe6;--page:#fff;--card:#f5f7f9;--good:#0b6b4b;"       \
    "--bad:#a3390b;--idle:#e6ebf0;--h:#8a97a5;--b:#3a4654;--s0:#0b72b9;"                           \
    "--s1:#d0661a;--s2:#0a8f6c;--s3:#b0408c;--s4:#8a6d00;--s5:#3d9fd6;--s6:#6b4fbb;--s7:#c0344d"

// The policies' colours keep apart for all usual kinds of colour blindness; the baseline is the
// colour of the text, and what happened is grey and dashed, so that both are known at a glance.
static const char colours[] =
    ":root{color-scheme:light dark;" LIGHT "}\n"
    "@media (prefers-color-scheme:dark){:root{--ink:#e7ecf1;--soft:#a0adba;--rule:#2d3843;"
    "--page:#12171d;--card:#1a2129;--good:#5fd3a6;--bad:#ff9a66;--idle:#232c36;"
    "--h:#8b98a5;--b:#d3dbe3;--s0:#53aef0;--s1:#f59b57;--s2:#3ecf9f;--s3:#e688c3;"
    "--s4:#d9b84a;--s5:#8fd3f7;--s6:#ab97f0;--s7:#f58296}}\n"
    "@media print{:root{color-scheme:light;" LIGHT "}"
    "figure,.tile,tr{break-inside:avoid}h2,h3,.caption{break-after:avoid}}\n";

static const char page[] =
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"
    "'Segoe UI',Roboto,'DejaVu Sans',sans-serif;-webkit-text-size-adjust:100%}\n"
    "main{max-width:1080px;margin:0 auto;padding:40px 32px 64px}\n"
    "h1{font-size:clamp(1.4rem,1.05rem + 1.4vw,1.95rem);line-height:1.25;letter-spacing:-.01em;"
    "margin:.3em 0 .6em;max-width:34em;text-wrap:balance}\n"
    "h2{font-size:1.35rem;line-height:1.3;margin:2.6em 0 .3em;padding-top:1.1em;"
    "border-top:1px solid var(--rule)}h3{font-size:1.05rem;margin:1.8em 0 .3em}\n"
    "p{margin:.4em 0 .9em;max-width:44em}.kicker{margin:0;color:var(--soft);font-weight:600;"
    "font-size:.85rem;letter-spacing:.06em;text-transform:uppercase}\n"
    ".lead{font-size:1.08rem}.note,figcaption,.caption{color:var(--soft);font-size:.92rem}.caption{margin:1.6em 0 0}\n"
    "figure{margin:1.2em 0 1.6em}figcaption{margin:.2em 0 .8em;max-width:48em}\n"
    ".facts{display:grid;grid-template-columns:max-content 1fr;gap:.15em 1em;margin:1.2em 0;"
    "font-size:.95rem}.facts dt{color:var(--soft)}.facts dd{margin:0;overflow-wrap:anywhere}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:12px;"
    "margin:1.6em 0}.tile{background:var(--card);border:1px solid var(--rule);border-radius:10px;"
    "padding:14px 16px}.tile b{display:block;font-size:1.7rem;line-height:1.2;font-weight:650;"
    "font-variant-numeric:tabular-nums}.tile span{display:block;color:var(--soft);font-size:.88rem}"
    ".tile .good{color:var(--good)}.tile .bad{color:var(--bad)}\n"
    ".scroll{overflow-x:auto;margin:.5em 0 1.4em}table{border-collapse:collapse;font-size:.9rem;"
    "font-variant-numeric:tabular-nums;min-width:100%}"
    "th,td{padding:.42em .5em;text-align:right;"
    "border-bottom:1px solid var(--rule);vertical-align:top}"
    "th:first-child,td:first-child,th.l,td.l{text-align:left}thead th{color:var(--soft);font-weight:600;"
    "font-size:.82rem;line-height:1.25;border-bottom-width:2px;vertical-align:bottom}tbody th{font-weight:600;"
    "white-space:nowrap}td{white-space:nowrap}td.w{white-space:normal;min-width:16em;text-align:left}"
    "td small{color:var(--soft);font-size:.85em;display:block}"
    "td .good{color:var(--good)}td .bad{color:var(--bad)}td .within{color:var(--soft)}\n"
    ".key{display:inline-block;width:1.5em;height:0;border-top:3px solid var(--c);"
    "vertical-align:middle;margin-right:.55em}.key.sh{border-top-style:dashed}"
    ".key.sd{border-top-style:dotted}\n"
    ".pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,360px),1fr));"
    "gap:0 32px}details{margin:.8em 0 1.4em}summary{cursor:pointer;color:var(--soft);"
    "font-size:.95rem}li{margin:.2em 0;max-width:44em;overflow-wrap:anywhere}\n"
    ".legend{display:flex;flex-wrap:wrap;gap:.2em 1.4em;font-size:.88rem;color:var(--soft);"
    "margin:.3em 0 .6em}.legend svg{display:inline-block;width:15px;height:15px;"
    "vertical-align:-2px;margin-right:.45em}\n"
    "figure svg{display:block;width:100%;height:auto;overflow:visible}svg.narrow{display:none}"
    "@media screen and (max-width:720px){svg.wide{display:none}svg.narrow{display:block}"
    "main{padding:24px 16px 48px}th,td{padding:.4em .5em}}\n";

static const char plots[] =
    "text{font:12.5px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;"
    "fill:var(--ink)}text.n{font-weight:600}text.q{fill:var(--soft);font-size:12px}"
    "text.v{fill:var(--ink)}text.m{text-anchor:middle}text.e{text-anchor:end}\n"
    ".sh{--c:var(--h)}.sb{--c:var(--b)}.s0{--c:var(--s0)}.s1{--c:var(--s1)}.s2{--c:var(--s2)}"
    ".s3{--c:var(--s3)}.s4{--c:var(--s4)}.s5{--c:var(--s5)}.s6{--c:var(--s6)}.s7{--c:var(--s7)}\n"
    ".line{fill:none;stroke:var(--c);stroke-width:2.5;stroke-linejoin:round;"
    "vector-effect:non-scaling-stroke}.line.sh{stroke-dasharray:6 4}.line.sd{stroke-dasharray:2 3}"
    ".dot{fill:var(--c);stroke:var(--page);stroke-width:1.5}.bar,.area{fill:var(--c)}\n"
    ".grid{stroke:var(--rule);fill:none}.axis{stroke:var(--soft);fill:none}.idle,.rest{"
    "fill:var(--idle)}.waiting{fill:var(--idle);stroke:var(--soft);vector-effect:non-scaling-stroke}.hatch{fill:url(#hatch)}.hatch10{fill:url(#hatch10)}\n"
    "#hatch path,#hatch10 path{stroke:var(--bad);stroke-width:2}#hatch10 path{stroke-width:18}#hatch rect,#hatch10 rect{fill:var(--page)}\n"
    ".patterns{position:absolute;width:0;height:0}footer{margin-top:3em;color:var(--soft);"
    "font-size:.88rem}\n";

// Tables do not scroll on paper, so they are small.
static const char paper[] =
    "@media print{body{font-size:10.5pt}main{max-width:none;padding:0}h2{margin-top:1.6em}"
    ".scroll{overflow:visible}table{font-size:7.2pt}thead th{font-size:7pt}th,td{padding:.3em}"
    ".tiles{grid-template-columns:repeat(4,1fr)}td.w{min-width:0}details:not([open]){display:none}}\n";

void wf_replay_put_style(FILE *out)
{
    fputs(colours, out);
    fputs(page, out);
    fputs(plots, out);
    fputs(paper, out);
}
