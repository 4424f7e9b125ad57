/**
 * Runs the hermetic tests on the oldest Deno that must pass.
 *
 *     deno task test:old [PATH…]
 *
 * @module
 */
import { oldDeno } from "./old_deno.ts";

const paths = Deno.args.length > 0 ? Deno.args : ["src", "tests", "scripts"];
const command = new Deno.Command(await oldDeno(), {
  // It does not know the keys of `deno.json` that turn the sanitizers on, where they are on by default in it.
  args: [
    "test",
    "--no-config",
    "--import-map=deno.json",
    "--parallel",
    "--allow-all",
    "--ignore=tests/real",
    ...paths,
  ],
  cwd: new URL("../", import.meta.url),
});
const { code } = await command.spawn().status;
Deno.exit(code);
