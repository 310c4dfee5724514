/**
 * What charts need of Vega, built into one file that a page loads once.
 *
 * No widget carries it: `chart/vega_library.ts` gets it from the kernel.
 */

export { parse, View } from "vega";
export { expressionInterpreter } from "vega-interpreter";
export { compile } from "vega-lite";
