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

/** Faults per request, in order. */
type Faults = readonly (readonly [Fault, ...Fault[]])[];

interface FailureCase {
  readonly name: string;
  readonly faults: Faults;
  /** The requested offset. */
  readonly offset?: number;
  readonly code: ErrorCode;
  readonly message: string;
  readonly requests: number;
}

/** A fault of three requests in sequence: doubtful failures are retried twice. */
function thrice(fault: Fault): Faults {
  return [[fault], [fault], [fault]];
}

const FAILURES: readonly FailureCase[] = [
  {
    name: "one byte more than the descriptor says",
    faults: [[extraBytes(1), withoutLength()]],
    code: "size_mismatch",
    message: `has more than ${SIZE} bytes`,
    requests: 1,
  },
  {
    name: "a length that is larger",
    faults: thrice(extraBytes(1)),
    code: "size_mismatch",
    message: `has ${SIZE + 1} bytes, expected ${SIZE}`,
    requests: 3,
  },
  {
    name: "a length that is smaller",
    faults: thrice(contentLength(SIZE - 1)),
    code: "size_mismatch",
    message: `has ${SIZE - 1} bytes, expected ${SIZE}`,
    requests: 3,
  },
  {
    name: "a range and the whole with another size",
    faults: thrice(contentRange(`bytes 1000-${SIZE}/${SIZE + 1}`)).flatMap((one) => [one, [extraBytes(1)]]),
    offset: 1000,
    code: "size_mismatch",
    message: `has ${SIZE + 1} bytes, expected ${SIZE}`,
    requests: 6,
  },
  {
    name: "206 without a range request",
    faults: thrice(contentRange(`bytes 5-${SIZE - 1}/${SIZE}`)),
    code: "network",
    message: "sent bytes from 5, expected 0, to a request without a range",
    requests: 3,
  },
  {
    name: "a missing blob",
    faults: thrice(status(404)),
    code: "not_found",
    message: 'answered 404 ("the test asked for 404"), no credentials were sent',
    requests: 3,
  },
  {
    name: "a forbidden blob",
    faults: thrice(status(403)),
    code: "forbidden",
    message: "answered 403",
    requests: 3,
  },
  {
    name: "a permanent server error",
    faults: [[status(502)], [status(503)], [status(500)]],
    code: "network",
    message: "answered 500",
    requests: 3,
  },
  {
    name: "a connection that always fails without progress",
    faults: [[cutAfter(0)], [cutAfter(0)], [cutAfter(0)]],
    code: "network",
    message: `at byte 0 of ${SIZE} (after 3 attempts)`,
    requests: 3,
  },
  {
    name: "a pause that is too long",
    faults: [[status(429, { "retry-after": "7200" })]],
    code: "rate_limited",
    message: "rate limited until 2026-01-01 02:00:00 UTC, and dray waits at most 60 s",
    requests: 1,
  },
];

Deno.test("A permanent failure ends in one error with host, blob and reason", async (t) => {
  for (const { name, faults, code, message, requests, offset = 0 } of FAILURES) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      const blob = await pushBlob(BYTES, registry);
      for (const perRequest of faults) registry.fault({ kind: "blob" }, ...perRequest);
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
