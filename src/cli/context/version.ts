/**
 * The version, which only `deno.json` declares. It is a JSON import because `deno compile` and `deno bundle`
 * embed that; at run time they have no file to read.
 *
 * @module
 */
import config from "../../../deno.json" with { type: "json" };

/** The version of the program: `0.1.0`. */
export const VERSION: string = config.version;
