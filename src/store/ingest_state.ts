/**
 * The facts that lie beside the bytes of an unfinished write: without them nobody knows what the bytes were to become.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { type Descriptor, readDescriptor } from "../oci/descriptor.ts";
import { parseJsonObject } from "../oci/json.ts";
import { attempt, isMissing } from "./fs_errors.ts";

/**
 * Writes the facts: `{digest, size, mediaType, createdAt}`. Not made durable: a state that was lost or cut short means
 * that the bytes are fetched again, nothing more.
 *
 * @throws AppError `no_space`, `permission_denied`
 */
export function writeState(path: string, { digest, size, mediaType }: Descriptor): void {
  const state = { digest, size, mediaType, createdAt: new Date().toISOString() };
  attempt("write", path, () => Deno.writeTextFileSync(path, JSON.stringify(state)));
}

/** The digest and size that a partial was to have, or undefined if that can't be known. */
export function findState(path: string): Descriptor | undefined {
  try {
    return readDescriptor(parseJsonObject(Deno.readFileSync(path), `"${path}"`), `"${path}"`);
  } catch (error) {
    if (error instanceof AppError || isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether the facts are those of the same blob. */
export function isStateOf(path: string, descriptor: Descriptor): boolean {
  const state = findState(path);
  return state?.digest === descriptor.digest && state.size === descriptor.size;
}
