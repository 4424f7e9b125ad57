/**
 * What this runtime can do at most: no rival, but a bound for dray.
 *
 * The loop takes bytes from the wire to the disk and hashes them. It keeps the store's promises for each blob (a look, a
 * lock, another look, a sync, a rename, a sync of the name), so a blob is as safe with it as with dray. It has nothing
 * else: no token, redirect or range, nothing to be tried again or gone on with, no limit, no progress, no other thread
 * of the same process that could want the same blob. With two threads each has connections, hashes and files of its own.
 *
 * @module
 */
import type { Contender } from "./contender.ts";
import { NO_UPDATE_CHECK } from "./dray.ts";
import { measure } from "./measure.ts";

const program = new URL("bare/program.ts", import.meta.url).pathname;

/** The loop on one thread, and on two. */
export function bareLoops(): readonly Contender[] {
  return [["bare loop", 1] as const, ["bare loop, 2 threads", 2] as const].map(([name, threads]) => ({
    name,
    isOurs: true,
    missing: undefined,
    run: ({ reference, folder, caFile }) =>
      measure({
        program: Deno.execPath(),
        args: [
          ...["run", "--allow-all", program, String(threads), reference, `${folder}/bare`],
          ...caFile === undefined ? [] : [caFile],
        ],
        env: NO_UPDATE_CHECK,
      }),
  }));
}
