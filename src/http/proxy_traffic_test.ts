import { neverAborted } from "../base/concurrency/abort.ts";
import { AppError } from "../base/errors.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../tests/assert.ts";
import { networkReasonOf } from "./network/network_error.ts";
import type { ProxySettings } from "./network/proxies.ts";
import { noRoots, serve, testPem, textOf } from "./test_servers.ts";
import { createTransport } from "./transport.ts";

const never = neverAborted();

/** Starts a proxy that connects to loopback ports; it requires `authorization` if given. */
function startProxy(ports: Readonly<Record<string, number>>, authorization?: string) {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const log: string[] = [];
  const open = new Set<Deno.Conn>();
  const running = new Set<Promise<void>>();
  const accepting = (async () => {
    for await (const conn of listener) {
      open.add(conn);
      running.add(handle(conn).catch(() => {}));
    }
  })();
  async function handle(conn: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(16_384);
    let length = 0;
    let head = "";
    while (!head.includes("\r\n\r\n")) {
      const n = await conn.read(buffer.subarray(length));
      if (n === null) return;
      length += n;
      head = new TextDecoder().decode(buffer.subarray(0, length));
    }
    const [line = ""] = head.split("\r\n");
    const credentials = /^proxy-authorization: (.*)$/im.exec(head)?.[1];
    log.push(line + (credentials === undefined ? "" : ` auth=${credentials}`));
    if (credentials !== authorization) {
      await conn.write(
        new TextEncoder().encode("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"),
      );
      return conn.close();
    }
    const [method, target = ""] = line.split(" ");
    const host = method === "CONNECT" ? target : new URL(target).host;
    const port = ports[host];
    if (port === undefined) {
      await conn.write(new TextEncoder().encode("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"));
      return conn.close();
    }
    const upstream = await Deno.connect({ port, hostname: "127.0.0.1" });
    open.add(upstream);
    if (method === "CONNECT") await conn.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n"));
    else await upstream.write(new TextEncoder().encode(head.replace(/^(\S+) http:\/\/[^/]+/, "$1 ")));
    const ends = { preventClose: true, preventCancel: true, preventAbort: true };
    await Promise.allSettled([
      conn.readable.pipeTo(upstream.writable, ends).finally(() => close(upstream)),
      upstream.readable.pipeTo(conn.writable, ends).finally(() => close(conn)),
    ]);
  }
  function close(conn: Deno.Conn): void {
    open.delete(conn);
    try {
      conn.close();
    } catch {
      // The other direction closed it.
    }
  }
  return {
    host: `127.0.0.1:${listener.addr.port}`,
    log,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const conn of open) close(conn);
      await accepting;
      await Promise.all(running);
    },
  };
}

async function get(url: string, proxies: ProxySettings): Promise<string> {
  const transport = createTransport({
    proxies,
    headTimeout: 5_000,
    tls: { tlsFor: () => Promise.resolve({ caCerts: [testPem("ca.crt")] }) },
  }, noRoots);
  try {
    return await textOf(await transport.send({ method: "GET", url: new URL(url), headers: {} }, never));
  } finally {
    transport.close();
  }
}

Deno.test("https uses a tunnel, http is forwarded, and exceptions connect directly", async () => {
  await using tls = serve(() => new Response("by tls"), { tls: "server" });
  await using plain = serve(() => new Response("by http"));
  await using proxy = startProxy({ "registry.test:443": tls.port, "plain.test": plain.port });
  const proxies = { https: proxy.host, http: `http://${proxy.host}`, no: "127.0.0.0/8" };
  assertEquals(await get("https://registry.test/", proxies), "by tls");
  assertEquals(await get("http://plain.test/", proxies), "by http");
  assertEquals(await get(tls.url.href, proxies), "by tls");
  assertEquals(await get(plain.url.href, proxies), "by http");
  assertEquals(proxy.log, ["CONNECT registry.test:443 HTTP/1.1", "GET http://plain.test/ HTTP/1.1"]);
});

Deno.test("A proxy receives its credentials, for tunnels and forwarded requests", async () => {
  await using tls = serve(() => new Response("by tls"), { tls: "server" });
  await using plain = serve(() => new Response("by http"));
  const header = `Basic ${btoa("us@er:p:ss")}`;
  await using proxy = startProxy({ "registry.test:443": tls.port, "plain.test": plain.port }, header);
  const address = `http://us%40er:p%3Ass@${proxy.host}`;
  const proxies = { https: address, http: address };
  assertEquals(await get("https://registry.test/", proxies), "by tls");
  assertEquals(await get("http://plain.test/", proxies), "by http");
  assertEquals(proxy.log, [
    `CONNECT registry.test:443 HTTP/1.1 auth=${header}`,
    `GET http://plain.test/ HTTP/1.1 auth=${header}`,
  ]);
});

Deno.test("The error for a failing proxy names it without its password", async (t) => {
  await using proxy = startProxy({}, "Basic bm9ib2R5");
  await using open = startProxy({});
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const gone = `127.0.0.1:${listener.addr.port}`;
  listener.close();
  const cases = [
    ["wrong password", `http://u:s3cret@${proxy.host}`, proxy.host, "proxy"],
    ["no upstream", `http://u:s3cret@${open.host}`, open.host, "proxy"],
    ["refused", `http://u:s3cret@${gone}`, gone, "refused"],
  ] as const;
  for (const [name, https, host, reason] of cases) {
    await t.step(name, async () => {
      const error = await assertRejects(() => get("https://registry.test/", { https }));
      assert(error instanceof AppError);
      assertStringIncludes(error.message, `Cannot reach "registry.test" through proxy "${host}"`);
      assert(!error.message.includes("s3cret"));
      assertEquals(
        networkReasonOf(error),
        reason,
        error.cause instanceof Error ? String(error.cause.cause) : "",
      );
    });
  }
});
