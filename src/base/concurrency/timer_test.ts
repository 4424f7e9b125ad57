import { assertEquals } from "../../../tests/assert.ts";
import { after } from "./timer.ts";

Deno.test("after() calls a pending function once, and a cancelled one never", async () => {
  // More timers than use a signal, so that both implementations are tested.
  for (let round = 0; round < 300; round++) {
    const calls: string[] = [];
    const cancel = after(0, () => calls.push("cancelled"));
    cancel();
    cancel();
    await new Promise<void>((resolve) => {
      after(0, () => {
        calls.push("pending");
        resolve();
      });
    });
    assertEquals(calls, ["pending"]);
  }
});

Deno.test("after() accepts zero, negative and infinite delays", async () => {
  for (let round = 0; round < 300; round++) {
    after(Infinity, () => {})();
    await new Promise<void>((resolve) => void after(round % 2 === 0 ? 0 : -1, resolve));
  }
});

Deno.test("a pending timer keeps the process alive, and a cancelled one doesn't", async () => {
  const url = new URL("./timer.ts", import.meta.url);
  const code = `import { after } from "${url}";
    after(600_000, () => console.log("never"))();
    after(20, () => console.log("called"));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", code] }).output();
  assertEquals(new TextDecoder().decode(stdout), "called\n");
});
