/**
 * A registry that responds when the test opens a gate.
 *
 * @module
 */
import type { Remote } from "../../src/content/remote.ts";
import { abortable } from "../../src/base/concurrency/abort.ts";
import type { FakeRemote } from "../fakes/fake_remote.ts";

/** After this time, in milliseconds, all waits fail: a call without its deadline must not hang the test. */
const WAIT_LIMIT_MS = 10_000;

/** A gate in front of a registry, which records the requests that arrive at it. Dispose it at the end of the test. */
export interface GatedRemote extends Disposable {
  readonly remote: Remote;
  /** Name resolutions that began. */
  readonly begun: () => number;
  /** Name resolutions that were aborted. */
  readonly aborted: () => number;
  /** Waits until this many have been aborted in total. */
  untilAborted(count: number): Promise<void>;
  /** Waits until this many have begun in total. */
  untilBegun(count: number): Promise<void>;
  /** Lets all requests through from now on. */
  open(): void;
}

/** Puts a closed gate in front of a registry. */
export function gated(inner: FakeRemote): GatedRemote {
  const gate = Promise.withResolvers<void>();
  const limit = new AbortController();
  const timer = setTimeout(
    () => limit.abort(new Error(`Waited for ${WAIT_LIMIT_MS} ms: ${begun} begun, ${aborted} aborted`)),
    WAIT_LIMIT_MS,
  );
  let begun = 0;
  let aborted = 0;
  let changed = Promise.withResolvers<void>();
  const notify = () => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  const pass = async (signal: AbortSignal) => {
    begun++;
    notify();
    try {
      await abortable(gate.promise, AbortSignal.any([signal, limit.signal]));
    } catch (error) {
      if (signal.aborted) aborted++;
      notify();
      throw error;
    }
  };
  return {
    begun: () => begun,
    aborted: () => aborted,
    open: () => gate.resolve(),
    async untilAborted(count) {
      while (aborted < count) await abortable(changed.promise, limit.signal);
    },
    async untilBegun(count) {
      while (begun < count) await abortable(changed.promise, limit.signal);
    },
    remote: {
      async resolve(reference, signal) {
        await pass(signal);
        return await inner.resolve(reference, signal);
      },
      resolveDigest: (reference, signal) => inner.resolveDigest(reference, signal),
      fetch: (descriptor, options, signal) => inner.fetch(descriptor, options, signal),
      listTags: (options) => inner.listTags(options),
      listReferrers: (digest) => inner.listReferrers(digest),
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
