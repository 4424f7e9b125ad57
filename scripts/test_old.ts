/**
 * Runs the hermetic tests on the oldest Deno that must pass.
 *
 *     deno task test:old [PATH…]
 *
 * @module
 */
import { oldDeno } from "./old_deno.ts";

// With folders named after it, `--ignore` is lost on all but the first: so it stands alone, and names what `deno.json`
// excludes too. `--no-config`: the old Deno refuses the keys that turn the sanitizers on, where it has them on anyway.
const paths = Deno.args.length > 0 ? Deno.args : ["--ignore=tests/real,.tools,node_modules,dist"];
const command = new Deno.Command(await oldDeno(), {
  args: [
    "test",
    "--no-config",
    "--import-map=deno.json",
    "--preload=tests/time_limit.ts",
    "--parallel",
    "--allow-all",
    ...paths,
  ],
  cwd: new URL("../", import.meta.url),
});
const { code } = await command.spawn().status;
Deno.exit(code);
