/**
 * Base64, and `USER:PASSWORD` in base64 (RFC 7617; the `auth` field of docker's config.json).
 *
 * The built-in `atob` and `btoa` instead of `@std/encoding/base64`: like docker's decoder, `atob` ignores line ends and
 * rejects wrong padding, where `decodeBase64` does the opposite; and the module would add 1.3 ms to each start.
 *
 * @module
 */

/** Decodes base64. White space is ignored; padding may be missing. @throws DOMException for anything else */
export function bytesFromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

/** Encodes a text in UTF-8 and base64. */
export function base64FromText(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** Encodes `USER:PASSWORD` in UTF-8 and base64. The user must not contain a colon. */
export function encodeUserPassword(username: string, password: string): string {
  return base64FromText(`${username}:${password}`);
}

/**
 * Decodes base64 of `USER:PASSWORD` in UTF-8; undefined if it isn't. The first colon ends the user, which may be empty.
 * NUL bytes at the end are removed: early docker versions padded the text with them.
 */
export function decodeUserPassword(
  text: string,
): { readonly username: string; readonly password: string } | undefined {
  let decoded: string;
  try {
    decoded = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytesFromBase64(text));
  } catch {
    // The cause would quote the secret.
    return undefined;
  }
  const colon = decoded.indexOf(":");
  if (colon < 0) return undefined;
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, "") };
}
