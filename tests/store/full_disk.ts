/**
 * Simulates a disk that is full when one file is written.
 *
 * @module
 */

/** Makes writes to the file that is next opened at `path` with `Deno.openSync` fail with ENOSPC. */
export function fillDiskOnce(path: string): Disposable {
  const original = Deno.openSync;
  let isFull = true;
  Deno.openSync = (opened, options) => {
    const file = original(opened, options);
    if (!isFull || String(opened) !== path) return file;
    isFull = false;
    file.close();
    return original("/dev/full", { write: true });
  };
  return {
    [Symbol.dispose]() {
      Deno.openSync = original;
    },
  };
}
