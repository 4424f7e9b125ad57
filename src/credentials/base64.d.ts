/** Types for the part of `@std/encoding/base64` that the program uses: the npm build ships none. */

/** Decodes RFC 4648 section 4. @throws if the text isn't base64 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer>;

/** Encodes bytes, or text in UTF-8, by RFC 4648 section 4. */
export function encodeBase64(data: Uint8Array | string): string;
