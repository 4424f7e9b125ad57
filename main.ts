/**
 * The program `dray`.
 *
 * @module
 */
import { isRootProcess, takeProxyVariables } from "./src/cli/environment.ts";
import { listenForInterrupts, PROCESS_SIGNALS } from "./src/cli/interrupt.ts";
import { processIo } from "./src/cli/io.ts";
import { run } from "./src/cli/run.ts";

if (import.meta.main) {
  using interrupts = listenForInterrupts(PROCESS_SIGNALS);
  const code = await run(Deno.args, {
    io: processIo(),
    variable: takeProxyVariables(),
    isRoot: isRootProcess(),
    interrupts,
  });
  // Whatever a finished command has left open (an idle connection) must not keep the program.
  Deno.exit(code);
}
