import assert from "node:assert/strict";
import { mock, test } from "node:test";
import type { AnyModel } from "./anywidget.ts";
import { Brushed, RESTS_AFTER_MS } from "./brushed.ts";
import { Selection } from "./selection.ts";

const id = (n: number): string => n.toString(16).padStart(32, "0");

/** A kernel that answers when it is told to, and what the page then shows as picked. */
function page(link: string) {
  let picked = new DataView(new ArrayBuffer(0));
  const heard = new Set<() => void>();
  const model = {
    get: (name: string) => (name === "_link" ? link : picked),
    on: (_: string, listener: () => void) => heard.add(listener),
    off: (_: string, listener: () => void) => heard.delete(listener),
  } as unknown as AnyModel;
  const signal = new AbortController().signal;
  const selection = new Selection(model, signal);
  const asked: ((answer: null) => void)[] = [];
  const brushed = new Brushed(
    selection,
    () => {
      asked.at(-1)?.(null); // A later question overtakes the one before, which gets no answer.
      return new Promise((resolve) => asked.push(resolve));
    },
    signal,
  );
  const answer = (runs: number[]) => {
    picked = new DataView(Uint8Array.from(runs.flatMap((n) => [...Array<number>(15).fill(0), n])).buffer);
    for (const listener of heard) listener();
    asked.at(-1)!(null);
  };
  const shown = () => [...selection.runs].map((run) => parseInt(run, 16));
  return { brushed, answer, shown, asked };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("what a brush takes stays picked when it is let go while the kernel has yet to answer", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { brushed, answer, shown, asked } = page("let go");
  brushed.pick([id(1), id(2)]);
  mock.timers.tick(RESTS_AFTER_MS);
  answer([1, 2]);
  await settled();

  brushed.pick([id(1), id(2), id(3)]);
  mock.timers.tick(RESTS_AFTER_MS);
  assert.equal(asked.length, 2);
  brushed.settle();
  await settled();
  assert.equal(asked.length, 3);
  assert.deepEqual(shown(), [1, 2, 3]);
  assert.ok(brushed.isUnanswered);

  answer([1, 2, 3]);
  await settled();
  assert.deepEqual(shown(), [1, 2, 3]);
  assert.ok(!brushed.isUnanswered);
  mock.timers.reset();
});

test("an answer to where the brush was does not move what it takes now", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { brushed, answer, shown } = page("moved on");
  brushed.pick([id(1)]);
  mock.timers.tick(RESTS_AFTER_MS);
  brushed.pick([id(1), id(2)]);
  answer([1]);
  await settled();
  assert.deepEqual(shown(), [1, 2]);

  mock.timers.tick(RESTS_AFTER_MS);
  answer([1, 2]);
  await settled();
  assert.ok(!brushed.isUnanswered);
  mock.timers.reset();
});

test("once it has answered the kernel has the last word", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { brushed, answer, shown } = page("last word");
  brushed.pick([id(1), id(2)]);
  brushed.settle();
  answer([2]);
  await settled();
  assert.deepEqual(shown(), [2]);
  mock.timers.reset();
});
