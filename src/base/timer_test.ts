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

Deno.test("after takes any time: none, less than none, and more than there is", async () => {
  for (let round = 0; round < 300; round++) {
    after(Infinity, () => {})();
    await new Promise<void>((resolve) => void after(round % 2 === 0 ? 0 : -1, resolve));
  }
});

Deno.test("a timer keeps the program until it is called or given up", async () => {
  const url = new URL("./timer.ts", import.meta.url);
  const code = `import { after } from "${url}";
    after(600_000, () => console.log("never"))();
    after(20, () => console.log("called"));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", code] }).output();
  assertEquals(new TextDecoder().decode(stdout), "called\n");
});
