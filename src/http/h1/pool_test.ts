import { neverAborted } from "../../base/abort.ts";
import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { serveRaw } from "./test_h1.ts";
import { ConnectionPool } from "./pool.ts";

const never = neverAborted();
const TIMEOUT = 5_000;

function serveNothing() {
  return serveRaw(() => Promise.resolve(true));
}

Deno.test("Who wants a connection gets one that is being opened ahead, and no other is opened", async () => {
  await using server = serveNothing();
  const pool = new ConnectionPool({ url: server.url, caCerts: [] });
  const warming = pool.warm(2, TIMEOUT, never);
  const [one, two] = await Promise.all([pool.open(TIMEOUT, never), pool.open(TIMEOUT, never)]);
  await warming;
  assert(one !== undefined && two !== undefined && one !== two);
  assertEquals(pool.takeIdle(), undefined);
  const third = await pool.open(TIMEOUT, never);
  assert(third !== undefined && third !== one && third !== two);
  for (const connection of [one, two, third]) connection.close();
  pool.close();
});

Deno.test("A connection that was opened ahead for somebody who left is kept for the next", async () => {
  await using server = serveNothing();
  const pool = new ConnectionPool({ url: server.url, caCerts: [] });
  const warming = pool.warm(1, TIMEOUT, never);
  const controller = new AbortController();
  const opening = pool.open(TIMEOUT, controller.signal);
  controller.abort(new RangeError("left"));
  await assertRejects(() => opening, RangeError, "left");
  await warming;
  const kept = pool.takeIdle();
  assert(kept !== undefined);
  kept.close();
  pool.close();
});

Deno.test("Where opening ahead was given up, who wants a connection opens one", async () => {
  await using server = serveNothing();
  const pool = new ConnectionPool({ url: server.url, caCerts: [] });
  const controller = new AbortController();
  const warming = pool.warm(1, TIMEOUT, controller.signal);
  const opening = pool.open(TIMEOUT, never);
  controller.abort(new RangeError("left"));
  const connection = await opening;
  await warming;
  assert(connection !== undefined && !connection.isClosed);
  connection.close();
  pool.close();
});

Deno.test("A connection that can't be opened ahead is not tried once more for who waited for it", async () => {
  let accepted = 0;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const held: Deno.Conn[] = [];
  const serving = (async () => {
    for await (const conn of listener) {
      accepted++;
      held.push(conn);
    }
  })();
  // A server that takes connections and never begins its part of TLS.
  const pool = new ConnectionPool({ url: new URL(`https://127.0.0.1:${listener.addr.port}/`), caCerts: [] });
  const warming = pool.warm(1, 50, never);
  assertEquals(await pool.open(50, never), undefined);
  await warming;
  assertEquals(accepted, 1);
  pool.close();
  listener.close();
  await serving;
  for (const conn of held) conn.close();
});

Deno.test("A pool that is closed keeps nothing of what was being opened", async () => {
  await using server = serveNothing();
  const pool = new ConnectionPool({ url: server.url, caCerts: [] });
  const warming = pool.warm(2, TIMEOUT, never);
  pool.close();
  await warming;
  assertEquals(pool.takeIdle(), undefined);
});
