/**
 * Writes checksums of files, in the format of `sha256sum --check`.
 *
 * @module
 */
import { toHex } from "../../src/base/bytes.ts";

const CHECKSUMS = "SHA256SUMS";

/** Writes the checksums of all files of a directory to `SHA256SUMS` in it. Subdirectories are skipped. */
export async function writeChecksums(directory: string): Promise<void> {
  const names = [...Deno.readDirSync(directory)].flatMap(({ name, isFile }) =>
    isFile && name !== CHECKSUMS ? [name] : []
  );
  const lines = await Promise.all(names.sort().map((name) => checksumLine(directory, name)));
  await Deno.writeTextFile(`${directory}/${CHECKSUMS}`, lines.join(""));
}

/** Writes the checksum of a file to `FILE.sha256`. */
export async function writeChecksum(path: string): Promise<void> {
  const slash = path.lastIndexOf("/");
  const directory = slash < 0 ? "." : path.slice(0, slash);
  await Deno.writeTextFile(`${path}.sha256`, await checksumLine(directory, path.slice(slash + 1)));
}

async function checksumLine(directory: string, name: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(`${directory}/${name}`));
  return `${toHex(new Uint8Array(digest))}  ${name}\n`;
}
