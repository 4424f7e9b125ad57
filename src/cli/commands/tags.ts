/**
 * `dray tags`
 *
 * @module
 */
import type { Context } from "../context.ts";
import { credentialFrom, credentialsFor, openClient } from "../open.ts";
import { jsonText } from "../output/json_text.ts";
import { printable } from "../output/text.ts";
import type { TAGS } from "../table/registries.ts";
import type { InputOf } from "../table/types.ts";

/** Prints the tags as their pages come in; JSON, which needs them all, at the end. */
export async function run({ args, options }: InputOf<typeof TAGS>, context: Context): Promise<void> {
  const { io, signal } = context;
  const { repository } = args;
  const credentials = await credentialsFor(repository, await credentialFrom("tags", options, context));
  const { remoteTags } = await import("../../image/pull/remote.ts");
  const registry = await openClient(context, options);
  const all: string[] = [];
  try {
    const pages = remoteTags({ registry }, repository, credentials ? { credentials, signal } : { signal });
    for await (const page of pages) {
      if (options.json) all.push(...page);
      else io.stdout.write(page.map((tag) => `${printable(tag)}\n`).join(""));
    }
  } finally {
    registry.close();
  }
  if (options.json) io.stdout.write(jsonText({ repository, tags: all }));
}
