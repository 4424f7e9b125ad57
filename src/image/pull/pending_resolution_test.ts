import { assertEquals, assertRejects } from "../../../tests/assert.ts";
import { FakeRemote } from "../../../tests/fakes/fake_remote.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { AppError } from "../../base/errors.ts";
import type { Resolved, TransferRetry } from "../../content/remote.ts";
import type { Reference } from "../../oci/reference.ts";
import { parseReference } from "../../oci/reference.ts";
import { startResolution } from "./pending_resolution.ts";

/** A registry whose response the test controls. */
class SlowRemote extends FakeRemote {
  readonly response = Promise.withResolvers<Resolved>();
  retry: (event: TransferRetry) => void = () => {};

  override resolve(
    _reference: Reference,
    _signal: AbortSignal,
    onRetry: (event: TransferRetry) => void = () => {},
  ): Promise<Resolved> {
    this.retry = onRetry;
    return this.response.promise;
  }
}

const retry = (attempt: number): TransferRetry => ({
  kind: "retry",
  attempt,
  offset: 0,
  delayMs: 1,
  reason: "x",
});

Deno.test("result() reports the attempts that failed before and after the call", async () => {
  const remote = new SlowRemote();
  const pending = startResolution(
    { remote: () => remote },
    parseReference("a.b/c:1"),
    undefined,
    neverAborted(),
  );
  const reported: number[] = [];
  remote.retry(retry(1));
  const result = pending.result(({ attempt }) => reported.push(attempt));
  remote.retry(retry(2));
  const failure = new AppError("network", "Cannot");
  remote.response.reject(failure);
  assertEquals(await assertRejects(() => result), failure);
  assertEquals(reported, [1, 2]);
});

Deno.test("startResolution() reports no unhandled rejection before result() is called", async () => {
  const remote = new SlowRemote();
  const pending = startResolution(
    { remote: () => remote },
    parseReference("a.b/c:1"),
    undefined,
    neverAborted(),
  );
  remote.response.reject(new AppError("not_found", "Cannot"));
  await new Promise<void>((resolve) => setTimeout(resolve));
  await assertRejects(() => pending.result(() => {}));
});
