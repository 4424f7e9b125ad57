/**
 * Hashing. The only file that imports `node:crypto`: it hashes 1.7 GiB/s at any chunk size. WebCrypto needs
 * the whole input in memory, and the npm build of `@std/crypto` lacks its WASM file.
 *
 * @module
 */
import { toHex } from "./bytes.ts";

/** The supported algorithms. */
export type HashAlgorithm = "sha256" | "sha384" | "sha512";

/** An incremental hash. */
export interface Hasher {
  /** Hashes the next bytes. */
  update(bytes: Uint8Array): void;
  /** Ends the hash and returns it in lower-case hexadecimal. */
  hex(): string;
}

/** Creates hashers synchronously. */
export type HasherFactory = (algorithm: HashAlgorithm) => Hasher;

let loading: Promise<HasherFactory> | undefined;
let loaded: HasherFactory | undefined;

/**
 * Loads the hashing code and returns a factory. The first call takes 19 ms. Call it early without `await` to
 * overlap it with a network wait.
 */
export function loadHashing(): Promise<HasherFactory> {
  return loading ??= import("node:crypto").then(({ createHash }) =>
    loaded = (algorithm) => {
      const hash = createHash(algorithm);
      return {
        update(bytes) {
          hash.update(bytes);
        },
        hex: () => hash.digest("hex"),
      };
    }
  );
}

/** The factory of {@linkcode loadHashing} if it is loaded. */
export function findHashing(): HasherFactory | undefined {
  return loaded;
}

const WEB_NAMES = { sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" } as const;

/** Hashes a whole document without loading `node:crypto`. Returns lower-case hexadecimal. */
export async function hashHex(algorithm: HashAlgorithm, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest(WEB_NAMES[algorithm], bytes)));
}
