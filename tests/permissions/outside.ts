/**
 * Tries what a program under permissions must not be able to do, and prints what it could: run it with the flags or
 * the set in question.
 *
 * ```sh
 * deno run -P=read tests/permissions/outside.ts FOLDER HOST:PORT
 * ```
 *
 * @module
 */
import { attempts } from "./attempts.ts";

const [folder = "/tmp", address = "127.0.0.1:1"] = Deno.args;
console.log(JSON.stringify(await attempts(folder, address)));
