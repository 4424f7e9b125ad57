/**
 * A bare loop on the same runtime: no rival, but a measure for what dray's own code costs, and for how far any program
 * could go that is written for this runtime.
 *
 * The loop takes bytes from the wire to the disk and hashes them. It keeps the store's promises for each blob: a look,
 * a lock, another look, a sync, a rename, a sync of the name. It has nothing else: no token, redirect or range, nothing
 * to be tried again or gone on with, no limit, no progress, nobody else in the process who could want the same blob.
 *
 * What syncs early, and names for many at once, is the store's own.
 *
 * On one thread it hashes where it reads. With two, each has connections, hashes and files of its own; that is nothing
 * dray could do in 80 MB. dray itself hashes long blobs on a second thread, so it can be ahead of the loop with one.
 *
 * @module
 */
import type { Contender } from "./contender.ts";
import { NO_UPDATE_CHECK } from "./dray.ts";
import { measure } from "./measure.ts";

const program = new URL("bare/program.ts", import.meta.url).pathname;
/** Our own `deno.json` is none of its business. */
const words = ["run", "--allow-all", "--no-config", program];

/** The loop on one thread, and on two. Loads it once, which fills the runtime's own cache. */
export async function prepareBareLoops(): Promise<readonly Contender[]> {
  await measure({ program: Deno.execPath(), args: words, env: NO_UPDATE_CHECK });
  return [["bare loop", 1] as const, ["bare loop, 2 threads", 2] as const].map(([name, threads]) => ({
    name,
    isOurs: true,
    missing: undefined,
    run: ({ reference, folder, caFile }) =>
      measure({
        program: Deno.execPath(),
        args: [
          ...words,
          String(threads),
          reference,
          `${folder}/bare`,
          ...caFile === undefined ? [] : [caFile],
        ],
        env: NO_UPDATE_CHECK,
      }),
  }));
}
