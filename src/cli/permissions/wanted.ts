/**
 * What a command line works on: registries and files that its words name.
 *
 * @module
 */
import { parseReference } from "../../oci/reference.ts";
import { registryNamed } from "../commands/login.ts";
import type { Context } from "../context.ts";
import { openLocal } from "../open.ts";
import type { Invocation } from "../parse.ts";
import { commandOf } from "../table.ts";
import type { Access, Hint } from "../table/types.ts";

/** A command line that runs. */
export type ParsedLine = Extract<Invocation, { kind: "run" }>;

/**
 * References that a line reaches registries for, undefined if that can be any: a server is told by its clients.
 *
 * @throws AppError `invalid_argument` for a word that is none
 */
export async function referencesOf(
  line: ParsedLine,
  context: Context,
): Promise<readonly string[] | undefined> {
  const { positionals } = commandOf(line.command);
  switch (line.command) {
    case "login":
    case "logout":
      return [`${registryNamed(wordsOf(line.input.args.registry)[0])}/x`];
    case "verify":
      return await namesInStore(wordsOf(line.input.args.images), context);
    default: {
      const words = Object.keys(positionals).flatMap((name) =>
        positionals[name]?.hint === "image" ? wordsOf(line.input.args[name]) : []
      );
      return words.length === 0 ? undefined : words;
    }
  }
}

/** What a repair fetches comes from where the images came from. */
async function namesInStore(images: readonly string[], context: Context): Promise<readonly string[]> {
  const service = await openLocal(context, "read");
  const found = images.length === 0
    ? await service.list()
    : await Promise.all(images.map((image) => service.find(image)));
  return found.flatMap(({ repoTags, repoDigests }) => [...repoTags, ...repoDigests]);
}

/** The registry of a reference. */
export function registryOf(reference: string): string {
  return parseReference(reference).registry;
}

/** Paths that a line names, by what is done with them. The store is not among them. */
export function pathsOf({ command, input }: ParsedLine): Readonly<Record<Access, readonly string[]>> {
  const { positionals, options } = commandOf(command);
  const paths: Record<Access, string[]> = { read: [], write: [], listen: [] };
  const add = (spec: { readonly hint?: Hint; readonly access?: Access }, value: unknown) => {
    const access = spec.access ?? (spec.hint === "file" || spec.hint === "directory" ? "read" : undefined);
    // "-" is standard input or output.
    if (access !== undefined) paths[access].push(...wordsOf(value).filter((word) => word !== "-"));
  };
  for (const [name, spec] of Object.entries(positionals)) add(spec, input.args[name]);
  for (const [name, spec] of Object.entries(options)) {
    if (spec.kind === "text" || spec.kind === "texts") add(spec, input.options[name]);
  }
  return paths;
}

function wordsOf(value: unknown): readonly string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [String(value)];
}
