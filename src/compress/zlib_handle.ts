/**
 * The synchronous engine inside the streams of `node:zlib`. Only this file imports `node:zlib`.
 *
 * The public streams don't suffice: the zstd stream drops everything after the first frame of a write, and
 * doesn't detect a truncated frame (Deno 2.6 and 2.9). The internal handle has been stable in Node for ten
 * years. It reports how many bytes it consumed and writes to one reused buffer, so it needs 42 MB of memory
 * instead of 112 MB.
 *
 * @module
 */
import { KIB } from "../base/bytes.ts";
import { AppError, messageOf } from "../base/errors.ts";

/** The format that an engine decompresses. */
export type EngineKind = "gunzip" | "unzstd";

/** Larger chunks are not faster; smaller ones need more calls. */
const OUTPUT_BYTES = 256 * KIB;

/**
 * Returns the buffer for the next chunk. Called before each step; the engine doesn't write to the buffer
 * afterwards.
 */
export type NextOutput = () => Uint8Array;

/** Returns the same buffer for every chunk. */
export function reusedOutput(): NextOutput {
  const buffer = new Uint8Array(OUTPUT_BYTES);
  return () => buffer;
}

const NO_BYTES = new Uint8Array(0);

/**
 * The internal handle. After each call its state array has the free bytes of the output and the unread bytes
 * of the input.
 */
interface NativeHandle {
  onerror: (message: string, errno: number, code: string) => void;
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): void;
  close(): void;
}

interface NativeStream {
  readonly _handle?: NativeHandle;
  readonly _writeState?: Uint32Array;
}

type Zlib = typeof import("node:zlib");

/** Loads `node:zlib` on first use, because that takes 16 ms. */
function loadZlib(): Promise<Zlib> {
  return import("node:zlib");
}

/** A running decompression. Dispose it. */
export class Engine implements Disposable {
  readonly #handle: NativeHandle;
  readonly #state: Uint32Array;
  readonly #finishFlag: number;
  readonly #nextOutput: NextOutput;
  #failure: string | undefined;
  #closed = false;

  private constructor(handle: NativeHandle, state: Uint32Array, finishFlag: number, nextOutput: NextOutput) {
    this.#handle = handle;
    this.#nextOutput = nextOutput;
    this.#state = state;
    this.#finishFlag = finishFlag;
    handle.onerror = (message) => this.#failure ??= message;
  }

  /**
   * Opens an engine.
   *
   * @throws AppError `unsupported` in a runtime whose `node:zlib` has no synchronous engine
   */
  static async open(kind: EngineKind, nextOutput: NextOutput): Promise<Engine> {
    const zlib = await loadZlib();
    const stream: unknown = kind === "gunzip" ? zlib.createGunzip() : zlib.createZstdDecompress();
    const { _handle: handle, _writeState: state } = stream as NativeStream;
    if (typeof handle?.writeSync !== "function" || !(state instanceof Uint32Array)) {
      throw new AppError("unsupported", `Cannot ${kind}: this runtime's node:zlib has no synchronous engine`);
    }
    const { Z_FINISH, ZSTD_e_end } = zlib.constants;
    return new Engine(handle, state, kind === "unzstd" ? ZSTD_e_end : Z_FINISH, nextOutput);
  }

  /**
   * Decompresses bytes, one output buffer at a time. A chunk is valid until the next iteration, which may
   * reuse the buffer.
   *
   * @returns the number of consumed bytes; fewer than `bytes` has if the compressed stream ended
   * @throws AppError `invalid_content`
   */
  write(bytes: Uint8Array): Generator<Uint8Array, number> {
    return this.#run(0, bytes);
  }

  /**
   * Ends the input, and returns the remaining output.
   *
   * @throws AppError `invalid_content` if a gzip stream is truncated
   */
  finish(): Generator<Uint8Array, number> {
    return this.#run(this.#finishFlag, NO_BYTES);
  }

  /** Frees the memory of the engine. */
  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handle.close();
  }

  *#run(flush: number, bytes: Uint8Array): Generator<Uint8Array, number> {
    let taken = 0;
    for (;;) {
      const output = this.#nextOutput();
      this.#call(flush, bytes, taken, output);
      const [free = 0, unread = 0] = this.#state;
      taken = bytes.length - unread;
      if (free < output.length) yield output.subarray(0, output.length - free);
      // If the buffer is full, the engine may have more output.
      if (free > 0) return taken;
    }
  }

  #call(flush: number, bytes: Uint8Array, from: number, output: Uint8Array): void {
    try {
      this.#handle.writeSync(flush, bytes, from, bytes.length - from, output, 0, output.length);
    } catch (cause) {
      this.#failure ??= messageOf(cause);
    }
    if (this.#failure !== undefined) {
      throw new AppError("invalid_content", `Cannot decompress: ${this.#failure}`);
    }
  }
}
