/**
 * A registry that responds when the test opens a gate.
 *
 * @module
 */
import type { Remote } from "../../src/content/remote.ts";
import { abortable } from "../../src/base/abort.ts";
import type { FakeRemote } from "../fakes/fake_remote.ts";

/** A gate in front of a registry, which records the requests that arrive at it. */
export interface GatedRemote {
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
  let begun = 0;
  let aborted = 0;
  let changed = Promise.withResolvers<void>();
  const tell = () => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  const pass = async (signal: AbortSignal) => {
    begun++;
    tell();
    try {
      await abortable(gate.promise, signal);
    } catch (error) {
      aborted++;
      tell();
      throw error;
    }
  };
  return {
    begun: () => begun,
    aborted: () => aborted,
    open: () => gate.resolve(),
    async untilAborted(count) {
      while (aborted < count) await changed.promise;
    },
    async untilBegun(count) {
      while (begun < count) await changed.promise;
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
  };
}
