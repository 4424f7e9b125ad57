import v8 from "node:v8";
import vm from "node:vm";
import { assertRejects } from "../../tests/assert.ts";
import { createTransport } from "./transport.ts";
import { serve } from "./test_servers.ts";

/** Returns the garbage collector, if the runtime lets tests call it. */
function findCollector(): (() => void) | undefined {
  v8.setFlagsFromString("--expose-gc");
  try {
    return vm.runInNewContext("gc");
  } catch {
    return undefined;
  }
}

const READS_MAX = 10_000;
const collect = findCollector();

Deno.test({
  name: "An abort ends the read of a body, even after a garbage collection",
  ignore: collect === undefined,
  async fn() {
    const endless = () =>
      new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1000)) }, {
        highWaterMark: 0,
      });
    await using server = serve(() => new Response(endless()));
    const transport = createTransport({ tls: { tlsFor: () => Promise.resolve({ caCerts: [] }) } });
    const controller = new AbortController();
    const request = { method: "GET", url: server.url, headers: {} } as const;
    using response = await transport.send(request, controller.signal);
    const buffer = new Uint8Array(1000);
    await response.body.read(buffer);
    collect?.();
    controller.abort(new DOMException("enough", "AbortError"));
    await assertRejects(
      async () => {
        for (let reads = 0; reads < READS_MAX; reads++) await response.body.read(buffer);
      },
      DOMException,
      "enough",
    );
    transport.close();
  },
});
