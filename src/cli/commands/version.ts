/**
 * `dray version`
 *
 * @module
 */
import type { Context } from "../context.ts";
import { jsonText } from "../output/json_text.ts";
import type { VERSION_COMMAND } from "../table/program.ts";
import type { InputOf } from "../table/types.ts";
import { VERSION } from "../version.ts";

/** `dray version --json` prints one. */
export interface VersionJson {
  readonly version: string;
  readonly deno: string;
  readonly v8: string;
  readonly typescript: string;
  /** What the program runs on: `x86_64-unknown-linux-gnu`. */
  readonly target: string;
  /** Whether it is a program of its own, made by `deno compile`. */
  readonly standalone: boolean;
}

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
