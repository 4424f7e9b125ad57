/**
 * Runs the hermetic tests on the oldest Deno that must pass.
 *
 *     deno task test:old [PATH…]
 *
 * @module
 */
import { oldDeno } from "./old_deno.ts";

// Without paths: if several are given, the old Deno applies `--ignore` only to the first. `--no-config`: the old Deno
// rejects the keys of deno.json that enable the sanitizers, which it enables by default. The directories that deno.json
// excludes are therefore listed here too.
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
