/**
 * Runs the program in this process.
 *
 * @module
 */
import { isRootProcess, takeVariables } from "./context/environment.ts";
import { listenForInterrupts, PROCESS_SIGNALS } from "./context/interrupt.ts";
import { keepOnly } from "./permissions/kinds.ts";
import { run } from "./run.ts";
import { processIo } from "./terminal/io.ts";

/**
 * Runs the command line of this process and exits.
 *
 * @param module the program's module, which worker threads load too
 */
export async function runCommandLine(module: string): Promise<never> {
  using interrupts = listenForInterrupts(PROCESS_SIGNALS);
  const code = await run(Deno.args, {
    io: processIo(),
    variable: takeVariables(),
    isRoot: isRootProcess(),
    interrupts,
    keepOnly,
    module,
  });
  // An open resource of a finished command, such as an idle connection, must not keep the process alive.
  Deno.exit(code);
}
