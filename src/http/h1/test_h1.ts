/**
 * Servers on loopback that speak byte by byte, for the tests of our own HTTP client.
 *
 * @module
 */

/** A server of a test's own. */
export interface RawServer extends AsyncDisposable {
  readonly url: URL;
  /** The paths asked for, by connection. */
  readonly asked: readonly (readonly string[])[];
}

/** What a connection does with one request; false closes it. */
export type Answerer = (
  write: (text: string) => Promise<void>,
  path: string,
  nth: number,
) => Promise<boolean>;

/** Answers each request in order, however they come in. `nth` counts the requests of the connection from 0. */
export function serveRaw(answer: Answerer): RawServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const asked: string[][] = [];
  const open = new Set<Deno.Conn>();
  const serve = async (conn: Deno.Conn) => {
    open.add(conn);
    const paths: string[] = [];
    asked.push(paths);
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
      if (!await answer(write, path, paths.length - 1)) return;
    }
  };
  const done = (async () => {
    const running: Promise<void>[] = [];
    for await (const conn of listener) {
      running.push(
        serve(conn).catch(() => {}).finally(() => {
          open.delete(conn);
          conn.close();
        }),
      );
    }
    for (const conn of open) await (conn as Deno.TcpConn).closeWrite().catch(() => {});
    await Promise.all(running);
  })();
  return {
    url: new URL(`http://127.0.0.1:${listener.addr.port}/`),
    asked,
    async [Symbol.asyncDispose]() {
      listener.close();
      await done;
    },
  };
}

/** A response with a length. */
export function okText(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
