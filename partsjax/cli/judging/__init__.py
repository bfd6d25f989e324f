"""Do filters fire on one concept, and is it a semantic part? A study that people take in a browser.

From a finished run of partsjax emergence to a figure with an interval, in an afternoon: people see the ten
crops on which a filter fires most strongly, and say whether it is one concept, of which kind, and its name.

  partsjax judging prepare --run=W --layers=conv5
      Makes the study, a folder: W/judging.
  partsjax judging serve --study=W/judging
      Raters answer in a browser, on this machine or, with --host, from elsewhere.
  partsjax judging summarize --study=W/judging
      What they found: fractions by kind with intervals, agreement, names; report/index.html.

Before people are asked, the whole can be tried with raters that are simulated, and planned:

  partsjax judging simulate --study=S
  partsjax judging plan --width=0.1
"""

SUBCOMMANDS = {
    "prepare": "makes a study from a finished run of emergence",
    "serve": "lets raters answer in a browser",
    "invite": "makes links for raters, one each",
    "summarize": "what the answers say: fractions, agreement, names, with a report",
    "export": "answers as CSV, JSON or for Label Studio",
    "import": "answers from another copy of the study, or from Label Studio",
    "simulate": "adds simulated raters to a study without people",
    "plan": "how many raters and items an interval of a given width takes",
}
