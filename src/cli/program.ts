/**
 * The program, from the start of its process to the end.
 *
 * @module
 */
import { isRootProcess, takeVariables } from "./environment.ts";
import { listenForInterrupts, PROCESS_SIGNALS } from "./interrupt.ts";
import { processIo } from "./io.ts";
import { keepOnly } from "./permissions/kinds.ts";
import { run } from "./run.ts";

/**
 * Runs the command line of this process and ends it.
 *
 * @param module what the process was started with: threads run it as well
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
  // Whatever a finished command has left open (an idle connection) must not keep the program.
  Deno.exit(code);
}
