import { assertEquals } from "../../../tests/assert.ts";
import { type EndSignal, listenForInterrupts, type SignalSource } from "./interrupt.ts";

function fakeSource() {
  const handlers = new Map<EndSignal, () => void>();
  const exits: number[] = [];
  const source: SignalSource = {
    add: (name, handler) => void handlers.set(name, handler),
    remove: (name) => void handlers.delete(name),
    exit: (code) => void exits.push(code),
  };
  return { source, handlers, exits };
}

Deno.test("the first signal aborts, the second ends the program immediately", () => {
  const { source, handlers, exits } = fakeSource();
  const interrupts = listenForInterrupts(source);
  assertEquals(interrupts.received(), undefined);
  handlers.get("SIGTERM")?.();
  assertEquals([interrupts.received(), interrupts.signal.aborted, exits], ["SIGTERM", true, []]);
  assertEquals(interrupts.signal.reason.name, "AbortError");
  handlers.get("SIGINT")?.();
  assertEquals([interrupts.received(), exits], ["SIGTERM", [130]]);
  interrupts[Symbol.dispose]();
  assertEquals(handlers.size, 0);
});

Deno.test("without one of the signals, the other one is handled", () => {
  const { source, handlers } = fakeSource();
  const add = (name: EndSignal, handler: () => void) => {
    if (name === "SIGTERM") throw new TypeError("no such signal here");
    source.add(name, handler);
  };
  using _interrupts = listenForInterrupts({ ...source, add });
  assertEquals([...handlers.keys()], ["SIGINT"]);
});
