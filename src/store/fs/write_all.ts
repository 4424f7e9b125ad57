/**
 * Writing bytes to a file, in pieces that cost the least.
 *
 * @module
 */
import { WRITE_MAX_BYTES } from "../../base/tuning.ts";
import { attempt } from "./fs_errors.ts";

/**
 * Writes all of `bytes` where the file stands.
 *
 * @param path for errors
 * @param onTaken gets each piece that the file took: a full disk can take a part of the bytes before it fails
 * @throws AppError `no_space`, `permission_denied`
 */
export function writeAll(
  file: Deno.FsFile,
  path: string,
  bytes: Uint8Array,
  onTaken: (piece: Uint8Array) => void = () => {},
): void {
  for (let at = 0; at < bytes.length;) {
    const piece = bytes.subarray(at, at + WRITE_MAX_BYTES);
    const written = attempt("write", path, () => file.writeSync(piece));
    onTaken(piece.subarray(0, written));
    at += written;
  }
}
