/**
 * Loopback servers that write raw HTTP/1.1, for the tests of `Http1Client`.
 *
 * @module
 */

/** A running test server. Disposing it closes its connections. */
export interface RawServer extends AsyncDisposable {
  readonly url: URL;
  /** The requested paths, per connection. */
  readonly requests: readonly (readonly string[])[];
}

/** Responds to one request; returning false closes the connection. */
export type RawHandler = (
  write: (text: string) => Promise<void>,
  path: string,
  nth: number,
) => Promise<boolean>;

/** Starts a server that handles requests in order. `nth` counts the requests of a connection from 0. */
export function serveRaw(handle: RawHandler): RawServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const requests: string[][] = [];
  const open = new Set<Deno.Conn>();
  const serve = async (conn: Deno.Conn) => {
    open.add(conn);
    const paths: string[] = [];
    requests.push(paths);
    const write = async (text: string) => {
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
    };
    const buffer = new Uint8Array(64 * 1024);
    let text = "";
    for (;;) {
      const end = text.indexOf("\r\n\r\n");
      if (end === -1) {
        const n = await conn.read(buffer);
        if (n === null) return;
        text += new TextDecoder().decode(buffer.subarray(0, n));
        continue;
      }
      const path = text.split(" ")[1] ?? "";
      text = text.slice(end + 4);
      paths.push(path);
      if (!await handle(write, path, paths.length - 1)) return;
    }
  };
  const done = (async () => {
    const running: Promise<void>[] = [];
    for await (const conn of listener) {
      running.push(
        serve(conn).catch(() => {}).finally(() => {
          open.delete(conn);
          closeQuietly(conn);
        }),
      );
    }
    // Don't wait for the client: a test that leaks a connection must fail rather than hang.
    for (const conn of open) closeQuietly(conn);
    await Promise.all(running);
  })();
  return {
    url: new URL(`http://127.0.0.1:${listener.addr.port}/`),
    requests,
    async [Symbol.asyncDispose]() {
      listener.close();
      await done;
    },
  };
}

function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is already closed.
  }
}

/** A response with a Content-Length. */
export function okText(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
