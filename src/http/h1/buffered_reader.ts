/**
 * Merges the small reads of a connection into larger ones.
 *
 * @module
 */
import { COALESCE_MAX_BYTES, COALESCE_MAX_MS, COALESCE_MIN_READ_BYTES } from "../../base/tuning.ts";
import type { OnBytes } from "../message/http_message.ts";

/**
 * Reads again while bytes arrive quickly, and returns them together. Each read passes through six promises on its way
 * to the caller; without merging, that takes a tenth of the time of a pull over TLS.
 */
export class BufferedReader {
  readonly #conn: Pick<Deno.Conn, "read">;
  readonly #now: () => number;
  /** The error of a read after bytes that had to be returned first. */
  #failure: { readonly error: unknown } | undefined;

  /** @param conn the caller closes it */
  constructor(conn: Pick<Deno.Conn, "read">, now: () => number = () => performance.now()) {
    this.#conn = conn;
    this.#now = now;
  }

  /**
   * Reads up to `buffer.length` bytes, null at the end.
   *
   * @param onBytes called with the size of each read that isn't the last one
   * @throws the connection's error, after all bytes before it have been returned
   */
  async read(buffer: Uint8Array, onBytes?: OnBytes): Promise<number | null> {
    if (this.#failure !== undefined) throw this.#failure.error;
    const first = await this.#conn.read(buffer);
    const enough = Math.min(buffer.length, COALESCE_MAX_BYTES);
    if (first === null || first < COALESCE_MIN_READ_BYTES || first >= enough) return first;
    let filled = first;
    const deadline = this.#now() + COALESCE_MAX_MS;
    try {
      for (let last = first; last >= COALESCE_MIN_READ_BYTES && filled < enough && this.#now() < deadline;) {
        onBytes?.(last);
        const n = await this.#conn.read(buffer.subarray(filled));
        if (n === null) break;
        filled += n;
        last = n;
      }
    } catch (error) {
      this.#failure = { error };
    }
    return filled;
  }
}
