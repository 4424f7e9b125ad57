/**
 * The program itself, started with all permissions. Once it has dropped those that its command doesn't need,
 * it makes the attempts, and prints the result on standard error.
 *
 * ```sh
 * deno run -A tests/permissions/inside.ts DIRECTORY HOST:PORT images
 * ```
 *
 * @module
 */
import { isRootProcess, takeVariables } from "../../src/cli/context/environment.ts";
import { listenForInterrupts, PROCESS_SIGNALS } from "../../src/cli/context/interrupt.ts";
import { processIo } from "../../src/cli/terminal/io.ts";
import { keepOnly } from "../../src/cli/permissions/kinds.ts";
import { run } from "../../src/cli/run.ts";
import { type Attempts, attempts } from "./attempts.ts";

const [directory = "/tmp", address = "127.0.0.1:1", ...words] = Deno.args;
using interrupts = listenForInterrupts(PROCESS_SIGNALS);
let tried: Promise<Attempts> | undefined;
const code = await run(words, {
  io: processIo(),
  variable: takeVariables(),
  isRoot: isRootProcess(),
  interrupts,
  keepOnly(kinds) {
    keepOnly(kinds);
    tried = attempts(directory, address);
  },
});
console.error(JSON.stringify(await tried));
Deno.exit(code);
