/**
 * The entry point of the program `dray` and of its worker threads, which don't load the command line.
 *
 * @module
 */
import { workerTask } from "./src/base/concurrency/worker.ts";

if (import.meta.main) {
  if (workerTask() === undefined) {
    await (await import("./src/cli/program.ts")).runCommandLine(import.meta.url);
  } else await import("./src/image/thread.ts");
}
