/**
 * The program `dray`, and its threads, which load no more of it than they need.
 *
 * @module
 */
import { workerTask } from "./src/base/worker.ts";

if (import.meta.main) {
  if (workerTask() === undefined) {
    await (await import("./src/cli/program.ts")).runCommandLine(import.meta.url);
  } else await import("./src/image/thread.ts");
}
