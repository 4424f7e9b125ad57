/**
 * PEM text (RFC 7468): the blocks in it.
 *
 * @module
 */

/** One block. */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, … */
  readonly label: string;
  /** What it holds: DER. */
  readonly der: Uint8Array<ArrayBuffer>;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g;

/** The blocks of a text, leaving out those that hold no base64. */
export function parsePem(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  for (const [, label = "", body = ""] of text.matchAll(BLOCK)) {
    try {
      const der = Uint8Array.from(atob(body.replace(/\s+/g, "")), (char) => char.charCodeAt(0));
      blocks.push({ label, der });
    } catch {
      // Headers of the old encryption, or damage: who needs the block will miss it.
    }
  }
  return blocks;
}
