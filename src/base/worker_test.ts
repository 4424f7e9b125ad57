import { assertEquals } from "../../tests/assert.ts";
import { workersOf } from "./worker.ts";

Deno.test("serveThread() answers also what was asked before the thread's code was there", async () => {
  const code = `
    import { serveThread } from ${JSON.stringify(import.meta.resolve("./worker.ts"))};
    const asked = new Promise((resolve) => addEventListener("message", resolve, { once: true }));
    await asked;
    serveThread((message, answer) => answer("got " + message));`;
  const worker = workersOf(`data:text/javascript,${encodeURIComponent(code)}`)("hash");
  if (worker === undefined) return;
  try {
    const said = new Promise<unknown[]>((resolve) => {
      const all: unknown[] = [];
      worker.addEventListener("message", ({ data }) => {
        if (all.push(data) === 3) resolve(all);
      });
    });
    worker.postMessage("first");
    worker.postMessage("second");
    assertEquals(await said, ["ready", "got first", "got second"]);
  } finally {
    worker.terminate();
  }
});
