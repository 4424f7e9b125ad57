/**
 * Writing bytes to a file in pieces of the best size.
 *
 * @module
 */
import { WRITE_MAX_BYTES } from "../../base/tuning.ts";
import { attempt } from "./fs_errors.ts";

/**
 * Writes all of `bytes` at the current position of the file.
 *
 * @param path for errors
 * @param onWritten called with each piece that was written: a full disk may accept a part of the bytes before
 * it fails
 * @throws AppError `no_space`, `permission_denied`
 */
export function writeAll(
  file: Deno.FsFile,
  path: string,
  bytes: Uint8Array,
  onWritten: (piece: Uint8Array) => void = () => {},
): void {
  for (let offset = 0; offset < bytes.length;) {
    const piece = bytes.subarray(offset, offset + WRITE_MAX_BYTES);
    const written = attempt("write", path, () => file.writeSync(piece));
    onWritten(piece.subarray(0, written));
    offset += written;
  }
}
