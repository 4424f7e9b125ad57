import { assertEquals } from "../../tests/assert.ts";
import { after } from "./timer.ts";

Deno.test("after calls what is wanted once, and what is given up never", async () => {
  // More than are made the light way, so that both ways are told of.
  for (let round = 0; round < 300; round++) {
    const calls: string[] = [];
    const giveUp = after(0, () => calls.push("given up"));
    giveUp();
    giveUp();
    await new Promise<void>((resolve) => {
      after(0, () => {
        calls.push("wanted");
        resolve();
      });
    });
    assertEquals(calls, ["wanted"]);
  }
});
