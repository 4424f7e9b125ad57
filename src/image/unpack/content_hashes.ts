/**
 * Hashes the contents of the files of a tree, so that two trees can be compared without storing either.
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { type Hasher, type HasherFactory, loadHashing } from "../../base/hash.ts";
import { DEFAULT_LAYER_LIMITS } from "../../unpack/apply/layer.ts";
import type { ContentListener } from "../../unpack/fs/memory_fs.ts";

/** Holes of sparse files are hashed as zeros, so that only the content counts. */
const ZEROS = new Uint8Array(64 * KIB);

/** Hashes one file after the other. Zeros at the end don't count: compare the sizes too. */
export class ContentHashes implements ContentListener {
  /** Hashes in hexadecimal, by the number of the file. A file without data has none. */
  readonly contents = new Map<number, string>();
  readonly #makeHasher: HasherFactory;
  #holes = 0;
  #open: { readonly file: number; readonly hasher: Hasher; at: number } | undefined;

  private constructor(makeHasher: HasherFactory) {
    this.#makeHasher = makeHasher;
  }

  /** Loads the hashing code. */
  static async open(): Promise<ContentHashes> {
    return new ContentHashes(await loadHashing());
  }

  /** @throws AppError `limit_exceeded` if the holes of all files together are too large */
  data(file: number, bytes: Uint8Array, offset: number): void {
    if (this.#open?.file !== file) this.#open = { file, hasher: this.#makeHasher("sha256"), at: 0 };
    const open = this.#open;
    // Ignore trailing zeros: they equal a hole at the end, and the size is compared separately.
    const end = endOfData(bytes);
    if (end === 0) return;
    this.#holes += offset - open.at;
    if (this.#holes > DEFAULT_LAYER_LIMITS.unpackedBytes) throw tooSparse(this.#holes);
    for (let hole = offset - open.at; hole > 0; hole -= ZEROS.length) {
      open.hasher.update(hole < ZEROS.length ? ZEROS.subarray(0, hole) : ZEROS);
    }
    open.hasher.update(bytes.subarray(0, end));
    open.at = offset + end;
  }

  end(file: number): void {
    if (this.#open?.file === file) this.contents.set(file, this.#open.hasher.hex());
    this.#open = undefined;
  }
}

/** The length without trailing zeros. */
function endOfData(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}

/** A few bytes of a layer can claim petabytes of zeros. */
function tooSparse(bytes: number): AppError {
  const most = DEFAULT_LAYER_LIMITS.unpackedBytes;
  return new AppError(
    "limit_exceeded",
    `Cannot compare: the files of the image have holes of ${bytes} bytes, but the limit is ${most}`,
    { details: { limit: "unpackedBytes", most, value: bytes } },
  );
}
