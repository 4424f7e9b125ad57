/**
 * `dray version`
 *
 * @module
 */
import type { Context } from "../../context/context.ts";
import type { VersionJson } from "../../output/json_shapes.ts";
import { jsonText } from "../../output/text.ts";
import type { VERSION_COMMAND } from "./spec.ts";
import type { InputOf } from "../../table/types.ts";
import { VERSION } from "../../context/version.ts";

/** Prints the versions. */
export function run({ options }: InputOf<typeof VERSION_COMMAND>, { io }: Context): void {
  const deno = Deno.version;
  const build = Deno.build;
  const json: VersionJson = {
    version: VERSION,
    ...deno,
    target: build.target,
    standalone: build.standalone,
  };
  io.stdout.write(
    options.json ? jsonText(json) : `dray ${VERSION} (deno ${deno.deno}, v8 ${deno.v8}, ${build.target})\n`,
  );
}
