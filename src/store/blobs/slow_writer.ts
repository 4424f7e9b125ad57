/**
 * Waiting for another writer of the same blob, but not for one that makes no progress.
 *
 * @module
 */
import { abortScope } from "../../base/concurrency/abort.ts";
import type { OnSlowWait } from "../../base/concurrency/slow_wait.ts";
import { after } from "../../base/concurrency/timer.ts";
import { WRITER_MIN_RATE } from "../../base/tuning.ts";
import { statIfExists } from "../fs/file_snapshot.ts";

/** The writer to wait for. */
export interface OtherWriter {
  /** The file that it writes. */
  readonly path: string;
  /** Bytes of the whole blob. */
  readonly size: number;
  /** Milliseconds over which its progress is measured. */
  readonly patience: number;
}

/**
 * Waits until another writer has ended. A slow or hostile registry could otherwise delay all pulls of a blob
 * that it serves.
 *
 * @param wait waits with the given signal, and calls `onSlowWait` if that takes longer than a second
 * @returns the result of `wait`, or undefined if the writer makes no progress
 * @throws what `wait` throws, or the signal's reason
 */
export async function waitForWriter<T>(
  { path, size, patience }: OtherWriter,
  wait: (signal: AbortSignal, onSlowWait: OnSlowWait) => Promise<T>,
  signal: AbortSignal,
  onWait: OnSlowWait = () => {},
): Promise<T | undefined> {
  using scope = abortScope(signal);
  const stalled = new DOMException("The other writer makes no progress", "AbortError");
  let cancel = () => {};
  const watch = (before: number) => {
    cancel = after(patience, () => {
      const written = sizeOf(path);
      // A writer that has all bytes is hashing or syncing them.
      if (written < size && (written - before) * 1000 < WRITER_MIN_RATE * patience) scope.abort(stalled);
      else watch(written);
    });
  };
  try {
    return await wait(scope.signal, () => {
      onWait();
      watch(sizeOf(path));
    });
  } catch (error) {
    if (error === stalled && !signal.aborted) return undefined;
    throw error;
  } finally {
    cancel();
  }
}

function sizeOf(path: string): number {
  return statIfExists(path)?.size ?? 0;
}
