/** Numbers, times and durations as a person reads them. Nothing depends on the locale. */

const SIGNIFICANT = 4;
const MAX_DECIMALS = 6;

/** Formats the numbers of one column so that their decimal points line up. */
export type NumberFormat = (value: number) => string;

/**
 * The format for a column that holds `values`: whole numbers stay whole, others
 * get as many decimals as give the largest four significant digits. Where the
 * values span too many magnitudes for that, each is written on its own.
 */
export function columnFormat(values: Iterable<number>): NumberFormat {
  let largest = 0;
  let smallest = Infinity;
  let whole = true;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    const size = Math.abs(value);
    largest = Math.max(largest, size);
    if (size > 0) smallest = Math.min(smallest, size);
    whole &&= Number.isInteger(value);
  }
  if (whole && largest < 1e9) return (value) => special(value) ?? grouped(value.toFixed(0));
  if (largest >= 1e6 || largest < 1e-3 || largest / smallest > 1e4) return shortNumber;
  const decimals = Math.min(
    Math.max(SIGNIFICANT - 1 - Math.floor(Math.log10(largest)), 0),
    MAX_DECIMALS,
  );
  return (value) => special(value) ?? grouped(value.toFixed(decimals));
}

/** One number on its own: `0.9333`, `12,500`, `1.2e-5`, `NaN`. */
export function shortNumber(value: number): string {
  const named = special(value);
  if (named !== undefined) return named;
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (Number.isInteger(value) && size < 1e9) return grouped(value.toFixed(0));
  if (size >= 1e-3 && size < 1e6) {
    const decimals = Math.max(SIGNIFICANT - 1 - Math.floor(Math.log10(size)), 0);
    return grouped(String(Number(value.toFixed(Math.min(decimals, MAX_DECIMALS)))));
  }
  return value.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e");
}

/** Every digit of a number, for the hover text. */
export function fullNumber(value: number): string {
  return special(value) ?? String(value);
}

/** `850 ms`, `1.24 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 0.9995) return `${(seconds * 1000).toFixed(0)} ms`;
  if (seconds < 59.95) return `${Number(seconds.toPrecision(3))} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

/** How long before `nowMs` a moment was: `just now`, `5 min ago`, `3 d ago`; its date after a month. */
export function ago(momentMs: number, nowMs: number): string {
  const seconds = Math.max(0, (nowMs - momentMs) / 1000);
  if (seconds < 10) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  if (seconds < 30 * 86400) return `${Math.floor(seconds / 86400)} d ago`;
  return moment(momentMs).slice(0, 10);
}

/** A moment in the viewer's zone: `2026-11-23 14:21:43 UTC+01:00`. */
export function moment(momentMs: number): string {
  const date = new Date(momentMs);
  const offset = -date.getTimezoneOffset();
  const zone = `UTC${offset < 0 ? "-" : "+"}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`;
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zone}`;
}

/** A count with thousands set apart: `12,500`. */
export function count(value: number): string {
  return grouped(String(value));
}

/** `312 bytes`, `4.2 kB`, `1.3 MB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} byte${bytes === 1 ? "" : "s"}`;
  const power = Math.floor(Math.min(String(Math.floor(bytes)).length - 1, 9) / 3);
  return `${(bytes / 1000 ** power).toFixed(1)} ${["", "kB", "MB", "GB"][power]}`;
}

function special(value: number): string | undefined {
  if (Number.isFinite(value)) return undefined;
  return Number.isNaN(value) ? "NaN" : value > 0 ? "inf" : "-inf";
}

function grouped(digits: string): string {
  const [whole = "", ...rest] = digits.split(".");
  return [whole.replace(/\B(?=(\d{3})+(?!\d))/g, ","), ...rest].join(".");
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, "0");
}
