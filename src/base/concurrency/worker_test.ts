import { assertEquals } from "../../../tests/assert.ts";
import { workersOf } from "./worker.ts";

Deno.test("serveThread() processes messages that arrived while the thread loaded its code", async () => {
  const code = `
    import { serveThread } from ${JSON.stringify(import.meta.resolve("./worker.ts"))};
    const first = new Promise((resolve) => addEventListener("message", resolve, { once: true }));
    await first;
    serveThread((message, reply) => reply("got " + message));`;
  const worker = workersOf(`data:text/javascript,${encodeURIComponent(code)}`)("hash");
  if (worker === undefined) return;
  try {
    const received = new Promise<unknown[]>((resolve) => {
      const all: unknown[] = [];
      worker.addEventListener("message", ({ data }) => {
        if (all.push(data) === 3) resolve(all);
      });
    });
    worker.postMessage("first");
    worker.postMessage("second");
    assertEquals(await received, ["ready", "got first", "got second"]);
  } finally {
    worker.terminate();
  }
});
