/**
 * The program `dray`.
 *
 * @module
 */
import { isRootProcess, takeVariables } from "./src/cli/environment.ts";
import { listenForInterrupts, PROCESS_SIGNALS } from "./src/cli/interrupt.ts";
import { processIo } from "./src/cli/io.ts";
import { keepOnly } from "./src/cli/permissions/kinds.ts";
import { run } from "./src/cli/run.ts";

if (import.meta.main) {
  using interrupts = listenForInterrupts(PROCESS_SIGNALS);
  const code = await run(Deno.args, {
    io: processIo(),
    variable: takeVariables(),
    isRoot: isRootProcess(),
    interrupts,
    keepOnly,
  });
  // Whatever a finished command has left open (an idle connection) must not keep the program.
  Deno.exit(code);
}
