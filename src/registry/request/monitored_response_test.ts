import { neverAborted } from "../../base/concurrency/abort.ts";
import { SecretSet } from "../../base/secret_set.ts";
import { isCode } from "../../base/errors.ts";
import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { openMonitoredResponse } from "./monitored_response.ts";
import type { RequestContext } from "./perform_request.ts";
import { HostBackoffs } from "./host_backoff.ts";
import type { HttpResponse } from "../../http/message/http_message.ts";
import type { Endpoint } from "./endpoint.ts";
import { streamReader } from "../../http/message/stream_reader.ts";
import { TestClock } from "../../http/test_clock.ts";

const WINDOW = 30_000;

/** Opens a response with this body at a fake endpoint. */
function opening(body: HttpResponse["body"] & { cancel?(): void }, isReceived: boolean) {
  const clock = new TestClock();
  const context: RequestContext = {
    clock,
    backoffs: new HostBackoffs(clock),
    stall: { minRate: 1024, windowMs: WINDOW },
    attempts: 1,
    maxRetryAfter: 0,
    onWarning: () => {},
  };
  const url = new URL("http://reg.example/");
  let disposed = 0;
  const response: HttpResponse = {
    status: 200,
    headers: new Headers(),
    url,
    body,
    isReceived,
    [Symbol.dispose]() {
      disposed++;
      body.cancel?.();
    },
  };
  const endpoint: Endpoint = {
    host: url.host,
    base: url,
    role: "registry",
    credentialSource: "anonymous",
    secrets: new SecretSet(),
    send: () => Promise.resolve(response),
  };
  const request = { operation: "Cannot fetch", method: "GET", headers: {}, accepted: [200] } as const;
  return {
    clock,
    open: () => openMonitoredResponse(endpoint, request, context, neverAborted()),
    disposed: () => disposed,
  };
}

/** A body that never delivers a byte. */
function silent(isReceived: boolean) {
  return opening(streamReader(new ReadableStream({ type: "bytes" }), (error) => error), isReceived);
}

/** A body whose reads the test controls. */
function controlled() {
  let report: (bytes: number) => void = () => {};
  let end: (bytes: number | null) => void = () => {};
  const opened = opening({
    read(_buffer, onBytes = () => {}) {
      report = onBytes;
      return new Promise((resolve) => end = resolve);
    },
  }, false);
  return {
    ...opened,
    body: { report: (bytes: number) => report(bytes), end: (bytes: number | null) => end(bytes) },
  };
}

Deno.test("A stalled body of the runtime's client fails instead of ending early", async () => {
  const { clock, open, disposed } = silent(false);
  using connection = await open();
  const reading = connection.read(new Uint8Array(10));
  clock.advance(WINDOW);
  assert(isCode(await assertRejects(() => reading), "stalled"));
  assertEquals(disposed(), 1);
});

Deno.test("A body that has already been received isn't monitored", async () => {
  const { clock, open } = silent(true);
  const connection = await open();
  const reading = connection.read(new Uint8Array(10));
  assertEquals(clock.timers, 0);
  connection[Symbol.dispose]();
  await reading;
});

Deno.test("Bytes recorded during a read count, and are returned if no more arrive", async () => {
  const { clock, open, disposed, body } = controlled();
  using connection = await open();
  let reading = connection.read(new Uint8Array(100_000));
  for (let i = 0; i < 10; i++) {
    body.report(10_000);
    clock.advance(WINDOW / 6);
  }
  assertEquals(disposed(), 0);
  for (let i = 0; i < 8; i++) clock.advance(WINDOW / 6);
  assertEquals(disposed(), 1);
  body.end(100_000);
  assertEquals(await reading, 100_000);
  reading = connection.read(new Uint8Array(10));
  body.end(null);
  assert(isCode(await assertRejects(() => reading), "stalled"));
});
