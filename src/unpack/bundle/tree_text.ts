/**
 * Reading a small text file out of an unpacked tree, as a process in it would see it.
 *
 * @module
 */
import { MIB, readAll } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { segmentsOf } from "../apply/entry_path.ts";
import { type Tree, withTree } from "../apply/tree.ts";
import { PathResolver } from "../apply/path_resolver.ts";

/** Account files of the largest systems have some hundred KiB. */
const TEXT_MAX_BYTES = 4 * MIB;

/** As many links as the kernel follows in one path. */
const LINKS_MAX = 40;

/**
 * Reads a file. Links are followed inside the tree alone: an image whose `/etc/passwd` is a link to the absolute path
 * gets its own file, not the host's.
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

/** The true path of a file, none of whose steps is a link. */
function findFile<Dir>({ fs, root }: Tree<Dir>, path: string): string | undefined {
  using walker = new PathResolver(fs, root);
  let steps: readonly string[] = segmentsOf(path);
  for (let links = 0; links <= LINKS_MAX; links++) {
    const name = steps.at(-1);
    const place = walker.walk(steps.slice(0, -1), { kind: "stop" });
    if (place === undefined || name === undefined || name === "" || name === "..") return undefined;
    const kind = fs.kindOf(place.directory, name);
    if (kind === "file") return [...place.segments, name].join("/");
    if (kind !== "symlink") return undefined;
    const target = fs.readLink(place.directory, name);
    steps = target.startsWith("/") ? target.split("/") : [...place.segments, ...target.split("/")];
  }
  throw new AppError("invalid_content", `Cannot read "${path}" of the image: it goes through too many links`);
}
