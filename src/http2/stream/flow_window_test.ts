import { assert, assertEquals } from "../../../tests/assert.ts";
import { ReceiveWindow, SendWindow } from "./flow_window.ts";

Deno.test("ReceiveWindow is refilled in one step when half of it is used", () => {
  const window = new ReceiveWindow(100);
  assertEquals([window.consume(49), window.refill()], [true, 0]);
  assertEquals([window.consume(1), window.refill()], [true, 50]);
  assertEquals([window.consume(100), window.consume(1)], [true, false]);
});

Deno.test("SendWindow can be negative but not above 2^31-1", () => {
  const window = new SendWindow(10);
  assert(window.grow(-20));
  assertEquals(window.available, -10);
  assert(window.grow(2 ** 31 + 9));
  assert(!window.grow(1));
});
