/**
 * Runs the pulls of clients. Identical pulls are run once.
 *
 * @module
 */
import { codeOf } from "../../base/errors.ts";
import { Flight } from "../../base/concurrency/flight.ts";
import { hashHex } from "../../base/hash.ts";
import { Limiter } from "../../base/concurrency/limiter.ts";
import type { ImageDeps } from "../../image/model/deps.ts";
import type { PullEvent } from "../../image/model/events.ts";
import { pullImage } from "../../image/pull/pull.ts";
import type { Digest } from "../../oci/digest.ts";
import { type AuthFields, credentialsOf } from "../protocol/auth.ts";
import { pullName } from "../protocol/errors.ts";
import type { ProgressFeed } from "./progress_feed.ts";

/** More parallel pulls would only share the same bandwidth. By default, a kubelet runs at most 10. */
const MAX_PARALLEL_PULLS = 32;

/** A finished pull; for logs and metrics. */
export interface PullReport {
  /** The name with all defaults. */
  readonly name: string;
  /** The error; undefined for a success. */
  readonly error: unknown;
  /** Downloaded bytes, also of a failed pull. */
  readonly fetched: number;
  readonly durationMs: number;
}

/** Dependencies of {@linkcode Pulls}. */
export interface PullsDeps {
  readonly images: ImageDeps;
  readonly feed: ProgressFeed;
  /** Whether to unpack the layers before an image is listed. */
  readonly unpack: boolean;
  /** Called with the size of each committed blob. */
  onCommitted(size: number): void;
  onEnd(report: PullReport): void;
}

/** Pulls images. */
export class Pulls {
  readonly #deps: PullsDeps;
  readonly #flight = new Flight<Digest>();
  readonly #limiter = new Limiter(MAX_PARALLEL_PULLS);
  /** Keeps hashes of secrets from being comparable outside this process. */
  readonly #salt = crypto.randomUUID();

  constructor(deps: PullsDeps) {
    this.#deps = deps;
  }

  /**
   * Pulls an image, or joins a running pull of the same name with the same credentials. Each caller stops waiting at
   * its own signal; the pull is aborted when all of them have stopped waiting.
   *
   * @returns the image id
   * @throws AppError of any code, or the signal's reason
   */
  async pull(image: string, auth: AuthFields | undefined, signal: AbortSignal): Promise<Digest> {
    const name = pullName(image);
    const credentials = credentialsOf(auth);
    const key = `${name} ${credentials === undefined ? "" : await this.#identityOf(auth)}`;
    return await this.#flight.do(key, async (own) => {
      using _slot = await this.#limiter.acquire(own);
      const { images, feed, unpack, onCommitted, onEnd } = this.#deps;
      const begin = performance.now();
      const feedPull = feed.begin(name);
      let fetched = 0;
      const offsets = new Map<Digest, number>();
      const onEvent = (event: PullEvent) => {
        feedPull.onEvent(event);
        if (event.kind === "bytes") {
          fetched += Math.max(0, event.offset - (offsets.get(event.digest) ?? event.offset));
          offsets.set(event.digest, event.offset);
        } else if (event.kind === "blob") {
          offsets.set(event.digest, event.offset);
          if (event.state === "committed") onCommitted(event.size);
        }
      };
      const end = (error: unknown) => onEnd({ name, error, fetched, durationMs: performance.now() - begin });
      try {
        const result = await pullImage(images, name, {
          ...credentials && { credentials },
          unpack,
          onEvent,
          signal: own,
        });
        fetched = result.fetched;
        feedPull.end("done");
        end(undefined);
        return result.image.id;
      } catch (error) {
        const code = codeOf(error);
        feedPull.end(code === "cancelled" || code === "deadline_exceeded" ? "interrupted" : "failed");
        end(error);
        throw error;
      }
    }, signal);
  }

  async #identityOf(auth: AuthFields | undefined): Promise<string> {
    const { username, password, auth: encoded, serverAddress, identityToken, registryToken } = auth ?? {};
    const fields = [this.#salt, username, password, encoded, serverAddress, identityToken, registryToken];
    return await hashHex("sha256", new TextEncoder().encode(JSON.stringify(fields)));
  }
}
