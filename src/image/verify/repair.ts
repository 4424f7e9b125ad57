/**
 * Fetching one damaged or missing blob again.
 *
 * @module
 */
import { AppError, messageOf } from "../../base/errors.ts";
import { copyBlob } from "../../content/copy.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { parseReference } from "../../oci/reference.ts";
import { replacing } from "../pull/fetch_blobs.ts";
import type { ImageDeps } from "../model/deps.ts";

/**
 * Fetches a blob from the first repository that has it, and replaces the stored one after verification.
 *
 * @param origins repositories to try, in order
 * @throws AppError the error of the repository if there is only one; otherwise `not_found`, with all errors in the
 * message
 */
export async function repairBlob(
  { store, registry }: ImageDeps,
  descriptor: Descriptor,
  origins: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const failures: string[] = [];
  let last: unknown;
  for (const origin of origins) {
    const remote = registry.remote(parseReference(`${origin}@${descriptor.digest}`));
    try {
      await copyBlob(remote, replacing(store), descriptor, () => {}, signal);
      return;
    } catch (error) {
      if (signal.aborted) throw error;
      last = error;
      failures.push(messageOf(error));
    }
  }
  if (failures.length === 1) throw last;
  const reason = failures.length === 0 ? "no repository is known that has it" : failures.join("; ");
  throw new AppError("not_found", `Cannot fetch blob "${descriptor.digest}" again: ${reason}`, {
    cause: last,
  });
}
