import { neverAborted } from "../base/abort.ts";
import { isCode } from "../base/errors.ts";
import { assert, assertEquals, assertRejects } from "../../tests/assert.ts";
import { connect } from "./connection.ts";
import type { ExchangeContext } from "./exchange.ts";
import { HostGates } from "./host_gate.ts";
import type { HttpResponse } from "./http.ts";
import type { Source } from "./source.ts";
import { streamReader } from "./stream_reader.ts";
import { TestClock } from "./test_clock.ts";

const WINDOW = 30_000;

/** A source whose body stands still, and what becomes of its response. */
function silent(isReceived: boolean) {
  const clock = new TestClock();
  const context: ExchangeContext = {
    clock,
    gates: new HostGates(clock),
    stall: { floor: 1024, window: WINDOW },
    attempts: 1,
    maxRetryAfter: 0,
    onWarning: () => {},
  };
  const url = new URL("http://reg.example/");
  const body = streamReader(new ReadableStream({ type: "bytes" }), (error) => error);
  let disposed = 0;
  const response: HttpResponse = {
    status: 200,
    headers: new Headers(),
    url,
    body,
    isReceived,
    [Symbol.dispose]() {
      disposed++;
      body.cancel();
    },
  };
  const source: Source = {
    host: url.host,
    base: url,
    role: "registry",
    credentialSource: "anonymous",
    send: () => Promise.resolve(response),
  };
  const request = { intent: "Cannot fetch", method: "GET", headers: {}, accepted: [200] } as const;
  return { clock, open: () => connect(source, request, context, neverAborted()), disposed: () => disposed };
}

Deno.test("A body of the runtime's client that stands still ends as stalled, not as if it were whole", async () => {
  const { clock, open, disposed } = silent(false);
  using connection = await open();
  const reading = connection.read(new Uint8Array(10));
  clock.advance(WINDOW);
  assert(isCode(await assertRejects(() => reading), "stalled"));
  assertEquals(disposed(), 1);
});

Deno.test("A body that is here already is not watched", async () => {
  const { clock, open } = silent(true);
  const connection = await open();
  const reading = connection.read(new Uint8Array(10));
  assertEquals(clock.timers, 0);
  connection[Symbol.dispose]();
  await reading;
});
