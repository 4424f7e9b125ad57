/**
 * Checksums of files, in the form that `sha256sum --check` reads.
 *
 * @module
 */
import { toHex } from "../../src/base/bytes.ts";

/** The name of the file with checksums. */
export const SUMS = "SHA256SUMS";

/** Writes the checksums of all files of a folder that begin with a prefix. */
export async function writeSums(folder: string, prefix: string): Promise<void> {
  const names = [...Deno.readDirSync(folder)].flatMap(({ name, isFile }) =>
    isFile && name.startsWith(prefix) ? [name] : []
  ).sort();
  const lines: string[] = [];
  for (const name of names) {
    const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(`${folder}/${name}`));
    lines.push(`${toHex(new Uint8Array(digest))}  ${name}\n`);
  }
  await Deno.writeTextFile(`${folder}/${SUMS}`, lines.join(""));
}
