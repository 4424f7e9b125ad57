/**
 * Disposes responses whose body isn't needed.
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import { after } from "../../base/concurrency/timer.ts";
import { DRAIN_MAX_BYTES, DRAIN_MAX_MS } from "../../base/tuning.ts";
import type { HttpResponse } from "./http_message.ts";

/**
 * Disposes a response. A short body is read to its end first, so that the connection can be used again. It never throws.
 */
export async function discardResponse(response: HttpResponse): Promise<void> {
  using _response = response;
  const buffer = new Uint8Array(4 * KIB);
  let remaining = DRAIN_MAX_BYTES;
  const disarm = after(DRAIN_MAX_MS, () => response[Symbol.dispose]());
  try {
    for (;;) {
      const n = await response.body.read(buffer);
      if (n === null || (remaining -= n) < 0) return;
    }
  } catch {
    // The body isn't needed, so its failure doesn't matter.
  } finally {
    disarm();
  }
}
