/**
 * A real file system: pulled, and pulled and unpacked.
 *
 * @module
 */
import type { Distribution } from "../../tests/real/distribution.ts";
import type { Contender } from "./tools.ts";

/** Races at it, with gzip and zstd. */
export async function realFileSystem(
  _dray: Contender,
  _words: readonly string[],
  _registry: Distribution,
  _folder: string,
  _options: { readonly runs: number },
  report: { add(text: string): void },
): Promise<void> {
  report.add("E: not measured yet\n");
  await Promise.resolve();
}
