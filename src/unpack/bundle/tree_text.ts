/**
 * Reads a small text file of an unpacked tree, with symlinks resolved inside the tree.
 *
 * @module
 */
import { MIB, readAll } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { segmentsOf } from "../apply/entry_path.ts";
import { type Tree, withTree } from "../apply/tree.ts";
import { PathResolver, SYMLINKS_MAX } from "../apply/path_resolver.ts";

/** Even large account files have only a few hundred KiB. */
const TEXT_MAX_BYTES = 4 * MIB;

/**
 * Reads a file. Symlinks are followed only inside the tree: if `/etc/passwd` of the image is an absolute
 * symlink, this reads the target in the image, not the one on the host.
 *
 * @returns undefined if there is no such file
 * @throws AppError `limit_exceeded`, `permission_denied`
 */
export function readTreeText(root: string, path: string): Promise<string | undefined> {
  return withTree(root, "best", async (tree) => {
    const found = findFile(tree, path);
    if (found === undefined) return undefined;
    using file = await Deno.open(`${root}/${found}`);
    return new TextDecoder().decode(await readAll(file, TEXT_MAX_BYTES, `"${path}" of the image`));
  });
}

/** The path of a file after all symlinks have been resolved. */
function findFile<Dir>({ fs, root }: Tree<Dir>, path: string): string | undefined {
  using resolver = new PathResolver(fs, root);
  let segments: readonly string[] = segmentsOf(path);
  for (let symlinks = 0; symlinks <= SYMLINKS_MAX; symlinks++) {
    const name = segments.at(-1);
    const parent = resolver.resolve(segments.slice(0, -1), { kind: "stop" });
    if (parent === undefined || name === undefined || name === "" || name === "..") return undefined;
    const kind = fs.kindOf(parent.directory, name);
    if (kind === "file") return [...parent.segments, name].join("/");
    if (kind !== "symlink") return undefined;
    const target = fs.readLink(parent.directory, name);
    segments = target.startsWith("/") ? target.split("/") : [...parent.segments, ...target.split("/")];
  }
  throw new AppError(
    "invalid_content",
    `Cannot read "${path}" of the image: its path has more than ${SYMLINKS_MAX} symlinks`,
  );
}
