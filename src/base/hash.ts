/**
 * Hashing. The only file that names `node:crypto`: it hashes 1.7 GiB/s at any chunk size, where WebCrypto wants
 * the whole layer in memory.
 *
 * @module
 */
import { toHex } from "./bytes.ts";

/** The algorithms that are computed here. */
export type HashAlgorithm = "sha256" | "sha384" | "sha512";

/** A running hash. */
export interface Hasher {
  /** Takes the next bytes. */
  update(bytes: Uint8Array): void;
  /** The result in lower-case hexadecimal. Ends the hash. */
  hex(): string;
}

/** Makes hashers without waiting. */
export type HasherFactory = (algorithm: HashAlgorithm) => Hasher;

let loading: Promise<HasherFactory> | undefined;
let loaded: HasherFactory | undefined;

/**
 * Loads the hashing code (19 ms the first time, so nothing loads it before it is wanted) and gives a factory.
 * Call it early and without `await` to overlap the loading with a network wait.
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

/** The factory of {@linkcode loadHashing} if that is here already. */
export function findHashing(): HasherFactory | undefined {
  return loaded;
}

const WEB_NAMES = { sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" } as const;

/** Hashes bytes that are in memory anyway: documents. Lower-case hexadecimal. */
export async function hashHex(algorithm: HashAlgorithm, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest(WEB_NAMES[algorithm], bytes)));
}
