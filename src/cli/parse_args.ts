/**
 * The parser of `@std/cli`, with its types: the npm build ships none.
 *
 * @module
 */
// @ts-types="./parse_args.d.ts"
export { parseArgs, type ParsedArgs, type ParseOptions } from "@std/cli/parse-args";
