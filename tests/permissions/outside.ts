/**
 * Makes attempts that the program's permissions must deny, and prints the result. Run it with the flags or
 * the permission set to test.
 *
 * ```sh
 * deno run -P=read tests/permissions/outside.ts DIRECTORY HOST:PORT
 * ```
 *
 * @module
 */
import { attempts } from "./attempts.ts";

const [directory = "/tmp", address = "127.0.0.1:1"] = Deno.args;
console.log(JSON.stringify(await attempts(directory, address)));
