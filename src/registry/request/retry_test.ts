import { AppError, type ErrorCode } from "../../base/errors.ts";
import { assertEquals, assertThrows } from "../../../tests/assert.ts";
import { isDoubtfulError, isRetryableError, isRetryableStatus, RetryBudget } from "./retry.ts";
import { TestClock } from "../../http/test_clock.ts";

const STATUSES: readonly [number, boolean][] = [
  [400, false],
  [401, false],
  [403, false],
  [404, false],
  [408, true],
  [416, false],
  [429, true],
  [500, true],
  [501, false],
  [502, true],
  [503, true],
  [504, true],
  [505, false],
  [522, true],
];

Deno.test("isRetryableStatus() accepts timeouts, rate limits and server errors", async (t) => {
  for (const [status, want] of STATUSES) {
    await t.step(String(status), () => assertEquals(isRetryableStatus(status), want));
  }
});

Deno.test("isRetryableError() uses the detail, otherwise the code", () => {
  assertEquals(isRetryableError(new AppError("network", "x")), true);
  assertEquals(isRetryableError(new AppError("stalled", "x")), true);
  assertEquals(isRetryableError(new AppError("digest_mismatch", "x")), false);
  assertEquals(isRetryableError(new AppError("network", "x", { details: { isRetryable: false } })), false);
  assertEquals(isRetryableError(new AppError("forbidden", "x", { details: { isRetryable: true } })), true);
});

Deno.test("isDoubtfulError() accepts wrong content, and headers and redirects that can't be used", () => {
  const isDoubtful = (code: ErrorCode, details = {}) => isDoubtfulError(new AppError(code, "x", { details }));
  for (const code of ["digest_mismatch", "size_mismatch", "invalid_content", "unsupported"] as const) {
    assertEquals(isDoubtful(code), true);
  }
  for (const details of [{ reason: "redirect" }, { reason: "response" }, { status: 307 }]) {
    assertEquals(isDoubtful("network", details), true);
  }
  assertEquals(isDoubtful("network", { reason: "tls_authority" }), false);
  assertEquals(isDoubtful("network", { status: 400 }), false);
  assertEquals(isDoubtful("unauthorized", { status: 401 }), false);
  assertEquals(isDoubtful("limit_exceeded"), false);
});

Deno.test("RetryBudget waits longer each time, and finally reports the number of attempts", () => {
  const budget = new RetryBudget(4, new TestClock());
  const failure = new AppError("network", "Cannot x", { details: { host: "h" } });
  assertEquals([1, 2, 3].map(() => budget.fail(failure)), [150, 300, 600]);
  const error = assertThrows(() => budget.fail(failure), AppError, "Cannot x (after 4 attempts)");
  assertEquals([error.code, error.details.host], ["network", "h"]);
});

Deno.test("RetryBudget starts again after progress", () => {
  const budget = new RetryBudget(2, new TestClock());
  const failure = new AppError("network", "Cannot x");
  for (let i = 0; i < 10; i++) {
    budget.fail(failure);
    budget.reset();
  }
  assertEquals(budget.failures, 0);
});
