import { neverAborted } from "../../base/concurrency/abort.ts";
import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { serveRaw } from "./test_h1.ts";
import { ConnectionPool } from "./pool.ts";

const never = neverAborted();
const TIMEOUT = 5_000;

function serveWithoutResponses() {
  return serveRaw(() => Promise.resolve(true));
}

Deno.test("open() uses a connection that preconnect() is opening, and opens no other", async () => {
  await using server = serveWithoutResponses();
  const pool = new ConnectionPool({ url: server.url, caCerts: [] });
  const preconnecting = pool.preconnect(2, TIMEOUT, never);
  const [one, two] = await Promise.all([pool.open(TIMEOUT, never), pool.open(TIMEOUT, never)]);
  await preconnecting;
  assert(one !== undefined && two !== undefined && one !== two);
  assertEquals(pool.takeIdle(), undefined);
  const third = await pool.open(TIMEOUT, never);
  assert(third !== undefined && third !== one && third !== two);
  for (const connection of [one, two, third]) connection.close();
  pool.close();
});

Deno.test("A preconnected connection stays in the pool if its caller aborts", async () => {
  await using server = serveWithoutResponses();
  const pool = new ConnectionPool({ url: server.url, caCerts: [] });
  const preconnecting = pool.preconnect(1, TIMEOUT, never);
  const controller = new AbortController();
  const opening = pool.open(TIMEOUT, controller.signal);
  controller.abort(new RangeError("aborted"));
  await assertRejects(() => opening, RangeError, "aborted");
  await preconnecting;
  const idle = pool.takeIdle();
  assert(idle !== undefined);
  idle.close();
  pool.close();
});

Deno.test("open() opens a connection if preconnect() was aborted", async () => {
  await using server = serveWithoutResponses();
  const pool = new ConnectionPool({ url: server.url, caCerts: [] });
  const controller = new AbortController();
  const preconnecting = pool.preconnect(1, TIMEOUT, controller.signal);
  const opening = pool.open(TIMEOUT, never);
  controller.abort(new RangeError("aborted"));
  const connection = await opening;
  await preconnecting;
  assert(connection !== undefined && !connection.isClosed);
  connection.close();
  pool.close();
});

Deno.test("open() doesn't retry a failed preconnect() that it waited for", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted: Deno.Conn[] = [];
  const serving = (async () => {
    for await (const conn of listener) {
      accepted.push(conn);
    }
  })();
  // The server accepts connections and never starts a TLS handshake.
  const pool = new ConnectionPool({ url: new URL(`https://127.0.0.1:${listener.addr.port}/`), caCerts: [] });
  const preconnecting = pool.preconnect(1, 50, never);
  assertEquals(await pool.open(50, never), undefined);
  await preconnecting;
  assertEquals(accepted.length, 1);
  pool.close();
  listener.close();
  await serving;
  for (const conn of accepted) conn.close();
});

Deno.test("A closed pool keeps no connection that was being opened", async () => {
  await using server = serveWithoutResponses();
  const pool = new ConnectionPool({ url: server.url, caCerts: [] });
  const preconnecting = pool.preconnect(2, TIMEOUT, never);
  pool.close();
  await preconnecting;
  assertEquals(pool.takeIdle(), undefined);
});
