/**
 * A CONNECT proxy on loopback that resolves names of the test, so that the client uses hosts that are not
 * loopback to it.
 *
 * @module
 */

/** A running proxy. */
export interface ConnectProxy extends AsyncDisposable {
  /** The value for `HTTPS_PROXY`. */
  readonly url: string;
}

/** Starts it. `targets` maps the allowed hosts to their real host and port; others are refused. */
export function startConnectProxy(targets: Readonly<Record<string, string>>): ConnectProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const conns = new Set<Deno.Conn>();
  const work = new Set<Promise<void>>();
  const track = (promise: Promise<void>) => {
    work.add(promise);
    promise.finally(() => work.delete(promise));
  };
  const pump = async (from: Deno.Conn, to: Deno.Conn) => {
    // Close both ends together: no test needs a half-open tunnel.
    await from.readable.pipeTo(to.writable).catch(() => {});
  };
  const serve = async (client: Deno.Conn) => {
    conns.add(client);
    const wanted = /^CONNECT ([^ ]+) /.exec(await readHead(client))?.[1] ?? "";
    const [hostname, port] = (targets[wanted] ?? "").split(":");
    if (hostname === undefined || port === undefined) {
      await client.write(new TextEncoder().encode("HTTP/1.1 403 Forbidden\r\n\r\n"));
      return client.close();
    }
    const server = await Deno.connect({ hostname, port: Number(port) });
    conns.add(server);
    await client.write(new TextEncoder().encode("HTTP/1.1 200 Connected\r\n\r\n"));
    track(pump(client, server));
    track(pump(server, client));
  };
  track((async () => {
    for await (const client of listener) track(serve(client).catch(() => {}));
  })());
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      for (const conn of conns) {
        try {
          conn.close();
        } catch {
          // It is already closed.
        }
      }
      while (work.size > 0) await Promise.all(work);
    },
  };
}

/** Reads the head of a request. A client sends nothing after CONNECT until it has the response. */
async function readHead(conn: Deno.Conn): Promise<string> {
  let head = "";
  const buffer = new Uint8Array(4096);
  while (!head.includes("\r\n\r\n")) {
    const n = await conn.read(buffer);
    if (n === null) break;
    head += new TextDecoder().decode(buffer.subarray(0, n));
  }
  return head;
}
