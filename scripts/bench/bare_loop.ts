/**
 * A bare download loop on the same runtime. It isn't a competitor: it shows the upper bound for any program on this
 * runtime, and so how much dray's own code costs.
 *
 * The loop reads from the socket, hashes, writes, and keeps the store's guarantees for each blob: existence check, lock,
 * second check, fsync, rename, fsync of the directory. It has no credentials, redirects, ranges, retries, resume,
 * limits or progress. It uses the store's own code for syncing in the background and for syncing directories.
 *
 * With one thread it hashes on the thread that reads. With two, each thread has its own connections, hashes and files,
 * which dray could not do within its memory goal of 80 MB. dray hashes large blobs on a second thread, so it can be
 * faster than the loop with one thread.
 *
 * @module
 */
import type { Program } from "./compare.ts";
import { NO_UPDATE_CHECK } from "./dray.ts";
import { measure } from "./measure.ts";

const program = new URL("bare_loop/main.ts", import.meta.url).pathname;
/** Reading `deno.json` would only add to the start-up time. */
const words = ["run", "--allow-all", "--no-config", program];

/** Returns the loop with one thread and with two. Loads it once first, to fill the runtime's code cache. */
export async function prepareBareLoops(): Promise<readonly Program[]> {
  await measure({ program: Deno.execPath(), args: words, env: NO_UPDATE_CHECK });
  return [["bare loop", 1] as const, ["bare loop, 2 threads", 2] as const].map(([name, threads]) => ({
    name,
    isOurs: true,
    missing: undefined,
    run: ({ reference, directory, caFile }) =>
      measure({
        program: Deno.execPath(),
        args: [
          ...words,
          String(threads),
          reference,
          `${directory}/bare`,
          ...caFile === undefined ? [] : [caFile],
        ],
        env: NO_UPDATE_CHECK,
      }),
  }));
}
