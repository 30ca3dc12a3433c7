/* The style sheet of the page (html.c, timeline.c). Colours are variables, so that the dark scheme
 * and paper are other values and nothing else; each pair of text and ground has a contrast of 4.5
 * at least. Without "<" and "&": the page is well-formed XML too. */
#ifndef SY_REPORT_PAGE_CSS_H
#define SY_REPORT_PAGE_CSS_H

#define SY_PAGE_LIGHT                                                                              \
    "--ground:#fff;--text:#16191d;--muted:#565d66;--rule:#dcdfe3;--canary:#1b5cb8;"                \
    "--baseline:#646b75;--good:#17693a;--bad:#b3261e;--doubtful:#8a5200;--wash:#f5f6f8"

#define SY_PAGE_CSS                                                                                \
    ":root{color-scheme:light dark;" SY_PAGE_LIGHT "}\n"                                           \
    "@media (prefers-color-scheme:dark){:root{--ground:#14171b;--text:#e4e7ea;--muted:#a3abb5;"    \
    "--rule:#343a42;--canary:#7db3ff;--baseline:#a3abb5;--good:#6fcf8f;--bad:#ff8f85;"             \
    "--doubtful:#eab35a;--wash:#1d2127}}\n"                                                        \
    "*{box-sizing:border-box}\n"                                                                   \
    "html{background:var(--ground);color:var(--text);font:15px/1.5 system-ui,-apple-system,"       \
    "\"Segoe UI\",Roboto,\"Liberation Sans\",Arial,sans-serif;-webkit-text-size-adjust:100%}\n"    \
    "body{max-width:60rem;margin:0 auto;padding:2rem 1.5rem 3rem;overflow-wrap:anywhere}\n"        \
    "h1{font-size:1.5rem;line-height:1.25;font-weight:650;margin:.2rem 0 .5rem;"                   \
    "text-wrap:balance}\n"                                                                         \
    "h2{font-size:1rem;font-weight:650;margin:2.2rem 0 .6rem}\n"                                   \
    "p{margin:.5rem 0;max-width:44rem}\n"                                                          \
    ".of{margin:0;display:flex;gap:.35rem 1rem;align-items:center;flex-wrap:wrap}\n"               \
    ".why{font-size:1.07rem}.why::first-letter{text-transform:uppercase}\n"                        \
    ".muted,.of{color:var(--muted)}\n"                                                             \
    ".good{color:var(--good)}.bad{color:var(--bad)}.doubtful{color:var(--doubtful)}\n"             \
    ".badge{display:inline-flex;align-items:center;gap:.4em;border:1px solid;border-radius:4px;"   \
    "padding:.05em .55em .05em .45em;font-size:.87rem;font-weight:600;white-space:nowrap}\n"       \
    ".mark{width:1em;height:1em;flex:none;vertical-align:-.13em;overflow:visible}\n"               \
    ".cut{stroke:var(--ground);stroke-width:2;fill:none;stroke-linecap:round;"                     \
    "stroke-linejoin:round}\n"                                                                     \
    "code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,\"Liberation Mono\","         \
    "monospace;font-size:.9em}\n"                                                                  \
    "pre{margin:.5rem 0;padding:.6rem .8rem;background:var(--wash);border:1px solid var(--rule);"  \
    "border-radius:4px;white-space:pre-wrap}pre code{font-size:inherit}\n"                         \
    "pre span{display:inline-block;max-width:100%;vertical-align:top}\n"                           \
    "dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(13.5rem,1fr));"                 \
    "gap:.8rem 1.5rem;margin:1.4rem 0 0}\n"                                                        \
    "dt{color:var(--muted);font-size:.82rem;line-height:1.3}dd{margin:0}\n"                        \
    "dd,table,svg{font-variant-numeric:tabular-nums}\n"                                            \
    "table{border-collapse:collapse;width:100%;font-size:.93rem;line-height:1.4}\n"                \
    "th,td{text-align:left;vertical-align:top;padding:.4rem .9rem .4rem 0;"                        \
    "border-bottom:1px solid var(--rule)}\n"                                                       \
    "thead th{font-size:.82rem;font-weight:400;color:var(--muted);vertical-align:bottom}\n"        \
    "th[scope=rowgroup]{font-weight:400;color:var(--muted);padding-top:.9rem}\n"                   \
    ".points th.n{white-space:normal}\n"                                                           \
    "tbody th{font-weight:600;white-space:nowrap}\n"                                               \
    "th:last-child,td:last-child{padding-right:0}\n"                                               \
    "time{white-space:nowrap}dd time{white-space:normal}.n{text-align:right;white-space:nowrap}\n" \
    ".sub{display:block;color:var(--muted);font-size:.87rem}\n"                                    \
    ".points .sub{display:inline}.points b{display:inline-block;min-width:4.5em;"                  \
    "font-weight:inherit}\n"                                                                       \
    ".when{white-space:nowrap;color:var(--muted);width:6rem}\n"                                    \
    "ul{margin:.5rem 0;padding:0;list-style:none}li{margin:.3rem 0}\n"                             \
    "summary{cursor:pointer}summary h2{display:inline}\n"                                          \
    "details{margin-top:2.2rem}details table{margin-top:.6rem}\n"                                  \
    "footer{margin-top:2.5rem;font-size:.87rem;color:var(--muted)}\n" /* the timeline */           \
    "figure{margin:.4rem 0 0}\n"                                                                   \
    "#timeline{display:block;width:100%;padding:0 21px 0 42px;overflow:visible;"                   \
    "font-size:12px}\n"                                                                            \
    "#timeline text{fill:var(--muted)}\n"                                                          \
    "#timeline text.name{transform:translate(-42px);fill:var(--text);font-weight:600}\n"           \
    "#timeline text.move{fill:var(--text)}#timeline text.bad{fill:var(--bad);font-weight:600}\n"   \
    "#timeline text.halo{paint-order:stroke;stroke:var(--ground);stroke-width:4px;"                \
    "stroke-linejoin:round}\n"                                                                     \
    ".start{text-anchor:start}.middle{text-anchor:middle}.end{text-anchor:end}\n"                  \
    "#timeline path,#timeline line,#timeline rect{vector-effect:non-scaling-stroke}\n"             \
    ".grid{stroke:var(--rule)}.base{stroke:var(--muted)}\n"                                        \
    ".forward,.back,.now{fill:none;stroke:var(--muted);stroke-opacity:.55}\n"                      \
    ".back{stroke:var(--bad);stroke-opacity:.9}.now{stroke-dasharray:1 4}\n"                       \
    ".lock-in{fill:var(--muted);fill-opacity:.1}\n"                                                \
    ".area{fill:var(--canary);fill-opacity:.14}\n"                                                 \
    ".line{fill:none;stroke:var(--canary);stroke-width:2;stroke-linejoin:round;"                   \
    "stroke-linecap:round}\n"                                                                      \
    ".line.other{stroke:var(--baseline);stroke-width:1.5;stroke-dasharray:5 4}\n"                  \
    ".band{fill:var(--canary);fill-opacity:.16}.band.other{fill:var(--baseline)}\n"                \
    ".limit{fill:none;stroke:var(--bad);stroke-width:1.25;stroke-dasharray:8 3}\n"                 \
    "#timeline use{overflow:visible}\n"                                                            \
    ".legend{display:flex;flex-wrap:wrap;gap:.2rem 1.3rem;margin:.5rem 0 0;padding:0;"             \
    "font-size:.87rem;color:var(--muted)}\n"                                                       \
    ".legend li{display:flex;align-items:center;gap:.45em;margin:0}\n"                             \
    ".key{width:22px;height:12px;flex:none}\n" /* a phone: tables become cards */                  \
    "@media (max-width:43.99rem){\n"                                                               \
    "body{padding:1.1rem .8rem 2rem}\n"                                                            \
    "#timeline .wide{display:none}#timeline{padding:0 16px 0 39px}"                                \
    "#timeline text.name{transform:translate(-39px)}\n"                                            \
    "dl{grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.7rem 1rem}\n"              \
    ".cards thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}\n"  \
    ".cards,.cards tbody,.cards tr{display:block}\n"                                               \
    ".cards tr{padding:.5rem 0;border-bottom:1px solid var(--rule)}\n"                             \
    ".cards tr:first-child{border-top:1px solid var(--rule)}\n"                                    \
    ".cards th,.cards td{display:block;border:0;padding:.05rem 0;text-align:left}\n"               \
    ".cards td[data-label]{display:grid;grid-template-columns:7.5rem minmax(0,1fr);"               \
    "white-space:normal}\n"                                                                        \
    ".cards td[data-label]::before{content:attr(data-label);content:attr(data-label) / "           \
    "\"\";color:var(--muted);"                                                                     \
    "font-size:.87rem}\n"                                                                          \
    ".points .sub{display:block}\n"                                                                \
    ".cards td.none{display:none!important}\n"                                                     \
    "}\n" /* paper */                                                                              \
    "@media print{\n"                                                                              \
    "@page{margin:16mm 14mm}\n"                                                                    \
    ":root{color-scheme:light;" SY_PAGE_LIGHT ";--text:#000;--muted:#444}\n"                       \
    "html{font-size:13px}body{max-width:none;padding:0}\n"                                         \
    "details::details-content{content-visibility:visible;display:block;height:auto}\n"             \
    "summary{list-style:none}thead{display:table-header-group}\n"                                  \
    "tr,figure,pre,dl,li{break-inside:avoid}h1,h2,summary{break-after:avoid}\n"                    \
    "p,li{orphans:3;widows:3}\n"                                                                   \
    "}\n"

#endif
