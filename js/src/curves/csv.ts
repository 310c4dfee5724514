/** The points that are drawn, as a file for a spreadsheet. */

import type { CurvesView } from "./view.ts";

export function csvOf(view: CurvesView, titleOf: (metric: string) => string): string {
  const rows = ["run_id,name,metric,step,x,value"];
  for (const metric of view.metrics) {
    for (const [run, line] of view.linesOf(metric)) {
      const whose = [view.runs[run]!, view.nameOf(run), titleOf(metric)].map(field).join(",");
      line.x.forEach((x, i) => rows.push(`${whose},${line.step[i]},${x},${line.value[i]}`));
    }
  }
  return `${rows.join("\n")}\n`;
}

/** A text as a field. A spreadsheet takes what begins so for a formula: it gets a quote before it. */
export function field(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
