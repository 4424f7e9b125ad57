/**
 * Finds out whether a port uses TLS, without sending a request.
 *
 * @module
 */
import { concatBytes } from "../../base/bytes.ts";
import { after } from "../../base/concurrency/timer.ts";

/** A server that takes longer, in milliseconds, is treated as one without TLS. */
const TIMEOUT_MS = 2_000;
/** First bytes of TLS records that answer a ClientHello (RFC 8446, section 5.1). */
const ALERT = 0x15;
const HANDSHAKE = 0x16;
const TLS_MAJOR_VERSION = 3;

/**
 * Whether a server uses TLS: sends a ClientHello, and checks that the response is a TLS record. A plain HTTP server
 * responds with 400 or closes the connection.
 *
 * @returns undefined if it can't be reached, or without the permission to
 */
export async function speaksTls(hostname: string, port: number): Promise<boolean | undefined> {
  let connection: Deno.TcpConn;
  try {
    connection = await Deno.connect({ hostname, port });
  } catch {
    return undefined;
  }
  // Closing the connection ends a pending read.
  let isClosed = false;
  const close = () => {
    if (!isClosed) connection.close();
    isClosed = true;
  };
  const cancel = after(TIMEOUT_MS, close);
  try {
    await connection.write(clientHello());
    const head = new Uint8Array(2);
    const n = await connection.read(head);
    return n === head.length && (head[0] === HANDSHAKE || head[0] === ALERT) && head[1] === TLS_MAJOR_VERSION;
  } catch {
    return false;
  } finally {
    cancel();
    close();
  }
}

/** A ClientHello for TLS 1.2 and 1.3 without a key share, which every server answers with a record. */
function clientHello(): Uint8Array<ArrayBuffer> {
  const random = crypto.getRandomValues(new Uint8Array(32));
  // Ends the head of a plain HTTP request: otherwise a server could wait for the rest of the line.
  random.set(new TextEncoder().encode("\r\n\r\n"));
  const extensions = concatBytes([
    // supported_versions: TLS 1.3, TLS 1.2
    extension(43, [4, 3, 4, 3, 3]),
    // supported_groups: x25519, secp256r1, secp384r1
    extension(10, [0, 6, 0, 0x1d, 0, 0x17, 0, 0x18]),
    // signature_algorithms: ECDSA, RSA-PSS and RSA with SHA-256; Ed25519
    extension(13, [0, 8, 4, 3, 8, 4, 4, 1, 8, 7]),
    // key_share: none; the server requests one
    extension(51, [0, 0]),
  ]);
  const body = concatBytes([
    Uint8Array.of(3, 3),
    random,
    // No session; TLS_AES_128_GCM_SHA256 and TLS 1.2 suites with ECDHE and RSA; no compression.
    Uint8Array.of(0, 0, 8, 0x13, 0x01, 0xc0, 0x2b, 0xc0, 0x2f, 0x00, 0x9c, 1, 0),
    length16(extensions.length),
    extensions,
  ]);
  const handshake = concatBytes([Uint8Array.of(1, 0), length16(body.length), body]);
  return concatBytes([Uint8Array.of(HANDSHAKE, TLS_MAJOR_VERSION, 1), length16(handshake.length), handshake]);
}

function extension(type: number, data: readonly number[]): Uint8Array {
  return concatBytes([length16(type), length16(data.length), Uint8Array.from(data)]);
}

/** A number in two bytes. */
function length16(value: number): Uint8Array {
  return Uint8Array.of(Math.floor(value / 256), value % 256);
}
