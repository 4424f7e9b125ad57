/**
 * The version, which stands in `deno.json` alone. A JSON import is embedded by `deno compile` and `deno bundle`, where
 * there is no file to read any more.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };

/** The version of the program: `0.1.0`. */
export const VERSION: string = config.version;
