/**
 * Checksums of files, in the form that `sha256sum --check` reads.
 *
 * @module
 */
import { toHex } from "../../src/base/bytes.ts";

/** The name of the file with the checksums of a folder. */
const SUMS = "SHA256SUMS";

/** Writes the checksums of all files of a folder into the folder. */
export async function writeSums(folder: string): Promise<void> {
  const names = [...Deno.readDirSync(folder)].flatMap(({ name, isFile }) =>
    isFile && name !== SUMS ? [name] : []
  );
  const lines = await Promise.all(names.sort().map((name) => sumLine(folder, name)));
  await Deno.writeTextFile(`${folder}/${SUMS}`, lines.join(""));
}

/** Writes the checksum of one file beside it: `FILE.sha256`. */
export async function writeSum(path: string): Promise<void> {
  const slash = path.lastIndexOf("/");
  const folder = slash < 0 ? "." : path.slice(0, slash);
  await Deno.writeTextFile(`${path}.sha256`, await sumLine(folder, path.slice(slash + 1)));
}

async function sumLine(folder: string, name: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(`${folder}/${name}`));
  return `${toHex(new Uint8Array(digest))}  ${name}\n`;
}
