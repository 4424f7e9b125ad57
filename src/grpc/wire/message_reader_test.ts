import { assert, assertEquals, assertStrictEquals, assertThrows } from "../../../tests/assert.ts";
import { isCode } from "../../base/errors.ts";
import { ByteBudget } from "./byte_budget.ts";
import { MessageReader } from "./message_reader.ts";
import { framed } from "../test_caller.ts";

const other = { evict() {} };
const message = Uint8Array.of(1, 2, 3, 4);

Deno.test("MessageReader returns a complete message without copying it", () => {
  const reader = new MessageReader(10, new ByteBudget(0), () => {});
  const bytes = framed(message);
  reader.add(bytes);
  const found = reader.next();
  assertStrictEquals(found?.bytes.buffer, bytes.buffer);
  assertEquals(found?.bytes, message);
  assert(reader.empty);
});

Deno.test("MessageReader finds messages however the body is split", () => {
  const whole = Uint8Array.of(...framed(message), ...framed(new Uint8Array(0), 1), ...framed(message));
  for (let first = 0; first <= whole.length; first++) {
    for (let second = first; second <= whole.length; second++) {
      const reader = new MessageReader(10, new ByteBudget(10_000), () => {});
      const found: string[] = [];
      for (const [start, end] of [[0, first], [first, second], [second, whole.length]] as const) {
        // The connection reuses its buffer after each event.
        const buffer = whole.slice(start, end);
        reader.add(buffer);
        for (let next = reader.next(); next; next = reader.next()) {
          found.push(`${next.bytes} ${next.compressed}`);
        }
        reader.retain();
        buffer.fill(0xee);
      }
      assertEquals(found, ["1,2,3,4 false", " true", "1,2,3,4 false"]);
      assert(reader.empty);
    }
  }
});

Deno.test("MessageReader refuses a length above the limit as soon as it has the prefix", () => {
  const reader = new MessageReader(3, new ByteBudget(10_000), () => {});
  const error = assertThrows(() => reader.add(framed(message).subarray(0, 5)));
  assert(isCode(error, "limit_exceeded"));
});

Deno.test("MessageReader releases everything that it reserved", () => {
  const budget = new ByteBudget(7000);
  const reader = new MessageReader(4000, budget, () => {});
  const bytes = framed(new Uint8Array(4000));
  for (let i = 0; i < 4000; i += 100) {
    reader.add(bytes.slice(i, i + 100));
    reader.retain();
  }
  assert(!budget.tryReserve(3000, other));
  reader.close();
  assert(budget.tryReserve(7000, other));
});

Deno.test("MessageReader refuses a message for which there is no memory", () => {
  const reader = new MessageReader(4000, new ByteBudget(99), () => {});
  const error = assertThrows(() => {
    reader.add(framed(new Uint8Array(4000)).subarray(0, 100));
    reader.retain();
  });
  assert(isCode(error, "limit_exceeded"));
});
