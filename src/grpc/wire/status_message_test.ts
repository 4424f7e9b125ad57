import { assert, assertEquals } from "../../../tests/assert.ts";
import { encodeStatusMessage } from "./status_message.ts";

Deno.test("encodeStatusMessage() leaves visible ASCII and encodes the rest", async (t) => {
  const cases: [message: string, want: string][] = [
    ['Cannot pull "a:1": no', 'Cannot pull "a:1": no'],
    ["100 %", "100 %25"],
    ["a\r\nb\0", "a%0D%0Ab%00"],
    ["é ✓", "%C3%A9 %E2%9C%93"],
    ["~\x7f", "~%7F"],
  ];
  for (const [message, want] of cases) {
    await t.step(want, () => assertEquals(encodeStatusMessage(message), want));
  }
});

Deno.test("encodeStatusMessage() truncates long messages between characters", () => {
  assertEquals(encodeStatusMessage("x".repeat(5000)).length, 4096);
  const text = encodeStatusMessage(`a${"é".repeat(4000)}`);
  assert(decodeURIComponent(text).endsWith("é"));
  assertEquals(decodeURIComponent(text).length, 1 + 2047);
});
