import { assertEquals } from "../../../tests/assert.ts";
import { serve } from "../test_servers.ts";
import { speaksTls } from "./speaks_tls.ts";

Deno.test("speaksTls() recognises servers with and without TLS", async () => {
  await using tls = serve(() => new Response(), { tls: "server" });
  await using plain = serve(() => new Response());
  assertEquals(await speaksTls("127.0.0.1", tls.port), true);
  assertEquals(await speaksTls("127.0.0.1", plain.port), false);
  assertEquals(plain.log, []);
});

Deno.test("speaksTls() is false for a server that closes, and for one that waits for the end of a line", async () => {
  for (const waitsForLine of [false, true]) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const answering = (async () => {
      using connection = await listener.accept();
      const buffer = new Uint8Array(1024);
      const n = await connection.read(buffer) ?? 0;
      const text = new TextDecoder("latin1").decode(buffer.subarray(0, n));
      if (waitsForLine && text.includes("\r\n\r\n")) {
        await connection.write(new TextEncoder().encode("HTTP/1.1 400"));
      }
    })();
    assertEquals(await speaksTls("127.0.0.1", listener.addr.port), false);
    await answering;
  }
});

Deno.test("speaksTls() doesn't know about a server that can't be reached", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  assertEquals(await speaksTls("127.0.0.1", port), undefined);
});
