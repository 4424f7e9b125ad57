import { AppError, type ErrorCode } from "../../base/errors.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "../../../tests/assert.ts";
import {
  contentLength,
  contentRange,
  cutAfter,
  extraBytes,
  type Fault,
  startRegistry,
  status,
  withoutLength,
} from "../../../tests/registry/mod.ts";
import { fetchAll, openTestRemote, pushBlob, someBytes } from "../test_remote.ts";

const SIZE = 300_000;
const BYTES = someBytes(SIZE);

/** Faults in the order of the requests they strike. */
type Orders = readonly (readonly [Fault, ...Fault[]])[];

interface Failing {
  readonly name: string;
  readonly orders: Orders;
  /** What is asked for. */
  readonly offset?: number;
  readonly code: ErrorCode;
  readonly message: string;
  readonly requests: number;
}

const FAILING: readonly Failing[] = [
  {
    name: "one byte more than the descriptor says",
    orders: [[extraBytes(1), withoutLength()]],
    code: "size_mismatch",
    message: `has more than ${SIZE} bytes`,
    requests: 1,
  },
  {
    name: "a length that is larger",
    orders: [[extraBytes(1)]],
    code: "size_mismatch",
    message: `has ${SIZE + 1} bytes, want ${SIZE}`,
    requests: 1,
  },
  {
    name: "a length that is smaller",
    orders: [[contentLength(SIZE - 1)]],
    code: "size_mismatch",
    message: `has ${SIZE - 1} bytes, want ${SIZE}`,
    requests: 1,
  },
  {
    name: "206 with another total",
    orders: [[contentRange(`bytes 1000-${SIZE}/${SIZE + 1}`)]],
    offset: 1000,
    code: "size_mismatch",
    message: `has ${SIZE + 1} bytes, want ${SIZE}`,
    requests: 1,
  },
  {
    name: "416 with another total",
    orders: [[status(416, { "content-range": "bytes */1000" })]],
    offset: 1000,
    code: "size_mismatch",
    message: `has 1000 bytes, want ${SIZE}`,
    requests: 1,
  },
  {
    name: "206 that nobody asked for",
    orders: [[contentRange(`bytes 5-${SIZE - 1}/${SIZE}`)]],
    code: "network",
    message: "sent the bytes from 5 on, want 0, to a request without a range",
    requests: 1,
  },
  {
    name: "a blob that is not there",
    orders: [[status(404)]],
    code: "not_found",
    message: 'answered 404 ("the test asked for 404"), asked without credentials',
    requests: 1,
  },
  {
    name: "a blob that may not be had",
    orders: [[status(403)]],
    code: "forbidden",
    message: "answered 403",
    requests: 1,
  },
  {
    name: "a server in trouble for good",
    orders: [[status(502)], [status(503)], [status(500)]],
    code: "network",
    message: "answered 500",
    requests: 3,
  },
  {
    name: "a connection that breaks without progress for good",
    orders: [[cutAfter(0)], [cutAfter(0)], [cutAfter(0)]],
    code: "network",
    message: `at byte 0 of ${SIZE} (after 3 attempts)`,
    requests: 3,
  },
  {
    name: "a wait that is too long",
    orders: [[status(429, { "retry-after": "7200" })]],
    code: "rate_limited",
    message: "until 2026-01-01T02:00:00.000Z",
    requests: 1,
  },
];

Deno.test("What can't be mended ends in one error with host, blob and reason", async (t) => {
  for (const { name, orders, code, message, requests, offset = 0 } of FAILING) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      const blob = await pushBlob(BYTES, registry);
      for (const faults of orders) registry.fault({ kind: "blob" }, ...faults);
      using test = openTestRemote(registry);
      const error = await assertRejects(() => fetchAll(test, blob, offset), AppError);
      assertEquals(error.code, code, error.message);
      assertStringIncludes(error.message, message);
      assertStringIncludes(error.message, `host "${registry.host}"`);
      assertStringIncludes(
        error.message,
        `Cannot fetch blob "${blob.digest}" of "${registry.host}/team/app"`,
      );
      assertEquals(registry.requests.of("/blobs/").length, requests);
    });
  }
});
