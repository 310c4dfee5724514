import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, columnFormat, count, duration, fullNumber, moment, shortNumber } from "./format.ts";

test("a column's numbers have their decimal points in line", () => {
  const format = columnFormat([0.93333333, 0.9, 0.0871]);
  assert.deepEqual([0.93333333, 0.9, 0.0871].map(format), ["0.9333", "0.9000", "0.0871"]);
});

test("whole numbers stay whole, with thousands set apart", () => {
  assert.deepEqual([1, 12500].map(columnFormat([1, 12500])), ["1", "12,500"]);
});

test("numbers of too many magnitudes are written each on its own", () => {
  const format = columnFormat([1e-7, 0.5, 12000000.5]);
  assert.deepEqual([1e-7, 0.5, 12000000.5].map(format), ["1e-7", "0.5", "1.2e7"]);
});

test("values that are not finite do not disturb the others", () => {
  const format = columnFormat([NaN, Infinity, 0.25]);
  assert.deepEqual([NaN, Infinity, -Infinity, 0.25].map(format), ["NaN", "inf", "-inf", "0.2500"]);
});

test("a short number has four digits that count", () => {
  const written = [0, 0.1 + 0.2, 0.0012346, 123456.789, 1e-5, -2, 1e12].map(shortNumber);
  assert.deepEqual(written, ["0", "0.3", "0.001235", "123,457", "1e-5", "-2", "1e12"]);
});

test("the full number has every digit", () => {
  assert.equal(fullNumber(0.1 + 0.2), "0.30000000000000004");
});

test("durations go from milliseconds to days", () => {
  const written = [0.0042, 1.2345, 59.97, 200, 7500, 100000, NaN].map(duration);
  assert.deepEqual(written, ["4 ms", "1.23 s", "1 min 0 s", "3 min 20 s", "2 h 5 min", "1 d 3 h", ""]);
});

test("moments are told relative to now, and by date after a month", () => {
  const now = Date.UTC(2026, 10, 23, 12);
  const told = [0, 42, 300, 7200, 3 * 86400].map((seconds) => ago(now - seconds * 1000, now));
  assert.deepEqual(told, ["just now", "42 s ago", "5 min ago", "2 h ago", "3 d ago"]);
  assert.match(ago(now - 60 * 86400_000, now), /^2026-09-24$/);
  assert.equal(ago(now + 5000, now), "just now");
});

test("an exact moment names the viewer's zone", () => {
  assert.match(moment(Date.UTC(2026, 10, 23, 14, 21, 43)), /^2026-11-2\d \d\d:\d\d:43 UTC[+-]\d\d:\d\d$/);
});

test("counts have thousands set apart", () => {
  assert.deepEqual([0, 999, 100000].map(count), ["0", "999", "100,000"]);
});
