/**
 * PEM text (RFC 7468).
 *
 * @module
 */

import { bytesFromBase64 } from "../../base/base64.ts";

/** One block of a PEM text. */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, … */
  readonly label: string;
  /** The decoded content. */
  readonly der: Uint8Array<ArrayBuffer>;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g;

/** Parses the blocks of a text; skips blocks that aren't base64. */
export function parsePem(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  for (const [, label = "", body = ""] of text.matchAll(BLOCK)) {
    try {
      blocks.push({ label, der: bytesFromBase64(body) });
    } catch {
      // A corrupt block, or one with the headers of legacy encryption. The caller reports a missing block.
    }
  }
  return blocks;
}
