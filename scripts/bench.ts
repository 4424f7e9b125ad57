/**
 * Runs dray beside crane, skopeo, regctl, oras and containerd on the same pulls, and beside umoci, tar and `curl | tar`
 * at unpacking, each into an empty folder, and its CRI socket beside a grpc-go server. Prints a table for each piece of
 * work and, at the end, one of them all.
 *
 * ```sh
 * deno run -A scripts/bench.ts                       # everything (after: deno task tools); an hour or more
 * deno run -A scripts/bench.ts --quick               # does it work? A minute or two
 * deno run -A scripts/bench.ts --only A,D --networks loopback,tls --runs 5 --tools crane,oras
 * deno run -A scripts/bench.ts --form compiled --out bench.md
 * ```
 *
 * Work: A, B, C, D and S are images of made bytes (`bench/work.ts`), over networks (`bench/networks.ts`); E is a real
 * file system and U a real layer, pulled and unpacked; F an image that is there already; G two images that share
 * layers; L the CRI socket. With `--every` each of A to G goes over each network but the full lines, which are there for
 * S; where it says little, once.
 *
 * What makes it fair: all take turns, in another order each round (`bench/order.ts`); before each run what others left
 * unwritten is written, and memory is touched and freed (`bench/warm.ts`), for on a virtual machine whoever is first to
 * touch memory that was given back to the host pays for it, and that is chance. "dray, no fsync" is the same program
 * whose syncs the kernel passes over (`bench/without_sync.ts`): crane, oras and regctl sync nothing, as strace shows.
 *
 * Beside them runs a bare loop (`bench/bare_loop.ts`), no rival: it shows what dray does more than it must on this
 * runtime.
 *
 * What dray does is checked too: it fails if dray fails, or asks for more than it may in F and G.
 *
 * @module
 */
import { endDescendants } from "./bench/interrupt.ts";
import { checkTime } from "./bench/measure.ts";
import { optionsOf } from "./bench/options.ts";
import { runSuite } from "./bench/suite.ts";

if (import.meta.main) {
  const options = optionsOf(Deno.args);
  await checkTime();
  const folder = await Deno.makeTempDir({ prefix: "dray-bench-" });
  // What any part of this or any program leaves lying about goes with the folder.
  Deno.env.set("TMPDIR", folder);
  const stop = new AbortController();
  const stopped = Promise.withResolvers<never>();
  for (const name of ["SIGINT", "SIGTERM"] satisfies Deno.Signal[]) {
    Deno.addSignalListener(name, () => {
      stop.abort(new Error(`bench: ended by ${name}`));
      stopped.reject(stop.signal.reason);
    });
  }
  try {
    await Promise.race([runSuite(options, folder, stop.signal), stopped.promise]);
  } catch (error) {
    console.error(stop.signal.aborted ? String(stop.signal.reason) : error);
    Deno.exitCode = stop.signal.aborted ? 130 : 1;
  } finally {
    await endDescendants();
    await Deno.remove(folder, { recursive: true });
  }
  // Signal listeners, and after a signal what waits for programs that are gone, would keep the process.
  Deno.exit();
}
