/**
 * `dray tags`
 *
 * @module
 */
import type { Context } from "../../context/context.ts";
import { credentialFrom, credentialsFor } from "../../context/credentials.ts";
import { openClient } from "../../context/open.ts";
import type { TagsJson } from "../../output/json_shapes.ts";
import { jsonText, printable } from "../../output/text.ts";
import type { TAGS } from "./spec.ts";
import type { InputOf } from "../../table/types.ts";

/** Prints the tags page by page; JSON, which needs all of them, at the end. */
export async function run({ args, options }: InputOf<typeof TAGS>, context: Context): Promise<void> {
  const { io, signal } = context;
  const { repository } = args;
  const credentials = await credentialsFor(repository, await credentialFrom("tags", options, context));
  const { remoteTags } = await import("../../../image/pull/remote.ts");
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
  const json: TagsJson = { repository, tags: all };
  if (options.json) io.stdout.write(jsonText(json));
}
