/**
 * Compares dray with crane, oras, regctl, skopeo and containerd at the same pulls, with umoci, tar and `curl | tar` at
 * unpacking, and its CRI socket with a grpc-go server. Prints one table per workload and network, then a summary.
 *
 * ```sh
 * deno run -A scripts/bench.ts                       # everything; an hour or more
 * deno run -A scripts/bench.ts --quick               # checks that everything works; a minute or two
 * deno run -A scripts/bench.ts --only AD --networks loopback,tls --runs 5 --tools crane,oras
 * deno run -A scripts/bench.ts --form compiled --out bench.md
 * deno run -A scripts/bench.ts --only ACD --baseline ../before       # another checkout of dray beside this one
 * deno run -A scripts/bench.ts --every --only S --networks slow --tools none --tune RANGE_WORKERS_MAX=4,16
 * ```
 *
 * Needs GNU time and the programs that `deno task tools` installs; a missing one is skipped. Root is needed for
 * containerd and for unpacking, and Go for workload L.
 *
 * `bench/workloads.ts` lists the workloads of generated images, and `bench/networks.ts` the networks. By default each
 * workload runs over the networks that matter for it. `--every` adds the other networks, where a workload runs once.
 *
 * `--tune` runs variants of dray with other values of a constant of `src/base/tuning.ts`, so that a threshold can be
 * measured without editing it.
 *
 * The programs take turns, in another order each round (`bench/order.ts`). Dirty pages are written before each run,
 * and memory is pre-faulted (`bench/prefault.ts`). "dray, no fsync" is dray under a seccomp filter that skips every
 * sync (`bench/no_sync.ts`), because crane, oras and regctl never sync. A bare download loop (`bench/bare_loop.ts`)
 * shows the upper bound for this runtime.
 *
 * The benchmark fails if dray fails, or if dray sends more requests or downloads more bytes than F and G allow.
 *
 * @module
 */
import { endDescendants } from "./bench/descendants.ts";
import { checkTime } from "./bench/measure.ts";
import { optionsOf } from "./bench/options.ts";
import { runSuite } from "./bench/suite.ts";

if (import.meta.main) {
  const options = optionsOf(Deno.args);
  await checkTime();
  const directory = await Deno.makeTempDir({ prefix: "dray-bench-" });
  // Temporary files of all child processes are removed with the directory.
  Deno.env.set("TMPDIR", directory);
  const stop = new AbortController();
  const stopped = Promise.withResolvers<never>();
  for (const name of ["SIGINT", "SIGTERM"] satisfies Deno.Signal[]) {
    Deno.addSignalListener(name, () => {
      stop.abort(new Error(`bench: stopped by ${name}`));
      stopped.reject(stop.signal.reason);
    });
  }
  try {
    await Promise.race([runSuite(options, directory, stop.signal), stopped.promise]);
  } catch (error) {
    console.error(stop.signal.aborted ? String(stop.signal.reason) : error);
    Deno.exitCode = stop.signal.aborted ? 130 : 1;
  } finally {
    await endDescendants();
    await Deno.remove(directory, { recursive: true });
  }
  // Signal listeners, and after a signal the unfinished suite, would keep the process alive.
  Deno.exit();
}
