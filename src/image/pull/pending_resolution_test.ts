import { assertEquals, assertRejects } from "../../../tests/assert.ts";
import { FakeRemote } from "../../../tests/fakes/fake_remote.ts";
import { neverAborted } from "../../base/abort.ts";
import { AppError } from "../../base/errors.ts";
import type { Resolved, TransferRetry } from "../../content/remote.ts";
import type { Reference } from "../../oci/reference.ts";
import { parseReference } from "../../oci/reference.ts";
import { startResolution } from "./pending_resolution.ts";

/** A registry that fails when it is told to. */
class SlowRemote extends FakeRemote {
  readonly gate = Promise.withResolvers<Resolved>();
  tell: (event: TransferRetry) => void = () => {};

  override resolve(
    _reference: Reference,
    _signal: AbortSignal,
    onRetry: (event: TransferRetry) => void = () => {},
  ): Promise<Resolved> {
    this.tell = onRetry;
    return this.gate.promise;
  }
}

const retry = (attempt: number): TransferRetry => ({
  kind: "retry",
  attempt,
  offset: 0,
  delayMs: 1,
  reason: "x",
});

Deno.test("startResolution() tells whoever waits for the answer of attempts before and after", async () => {
  const remote = new SlowRemote();
  const asked = startResolution(
    { remote: () => remote },
    parseReference("a.b/c:1"),
    undefined,
    neverAborted(),
  );
  const heard: number[] = [];
  remote.tell(retry(1));
  const answer = asked.answer(({ attempt }) => heard.push(attempt));
  remote.tell(retry(2));
  const failure = new AppError("network", "Cannot");
  remote.gate.reject(failure);
  assertEquals(await assertRejects(() => answer), failure);
  assertEquals(heard, [1, 2]);
});

Deno.test("startResolution() fails in nobody's face while nobody waits for the answer", async () => {
  const remote = new SlowRemote();
  const asked = startResolution(
    { remote: () => remote },
    parseReference("a.b/c:1"),
    undefined,
    neverAborted(),
  );
  remote.gate.reject(new AppError("not_found", "Cannot"));
  await new Promise<void>((resolve) => setTimeout(resolve));
  await assertRejects(() => asked.answer(() => {}));
});
