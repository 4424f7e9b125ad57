/**
 * Pulls an image and kills itself with SIGKILL immediately after a step of a write. For `kill_steps_test.ts`.
 *
 *     deno run -A die_at_step.ts STORE REFERENCE STEP TIMES
 *
 * @module
 */
import { pullImage } from "../../src/image/pull/pull.ts";
import { openRegistry } from "../../src/image/registry.ts";
import { openStore } from "../../src/store/store.ts";
import { observeSteps } from "../store/commit_steps.ts";

const [root = "", reference = "", wanted = "", times = "1"] = Deno.args;
let left = Number(times);
using _steps = observeSteps(root, (step) => {
  if (step === wanted && --left === 0) Deno.kill(Deno.pid, "SIGKILL");
});
const store = await openStore(root);
await pullImage({ store, registry: openRegistry({}) }, reference, {
  platform: { os: "linux", architecture: "amd64" },
});
Deno.exit(0);
