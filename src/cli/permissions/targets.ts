/**
 * The registries and files that a command line names.
 *
 * @module
 */
import { parseReference } from "../../oci/reference.ts";
import type { Context } from "../context/context.ts";
import { openLocal } from "../context/open.ts";
import { parseRegistryName } from "../context/registry_name.ts";
import type { ParsedLine } from "../table/parse.ts";
import type { Access, Hint } from "../table/types.ts";

/**
 * The references whose registries a command line contacts; undefined for a server, whose clients may name
 * any.
 *
 * @throws AppError `invalid_argument` for an invalid name
 */
export async function referencesOf(
  line: ParsedLine,
  context: Context,
): Promise<readonly string[] | undefined> {
  const { positionals } = line.spec;
  switch (line.name) {
    case "login":
    case "logout":
      return [`${parseRegistryName(wordsOf(line.input.args.registry)[0])}/x`];
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

/** A repair re-fetches blobs from the origins of the images. */
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

/** The paths that a command line names, by access. They don't include the store. */
export function pathsOf({ spec: command, input }: ParsedLine): Readonly<Record<Access, readonly string[]>> {
  const { positionals, options } = command;
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
