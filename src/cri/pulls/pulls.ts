/**
 * Pulls that clients ask for. Equal ones are one.
 *
 * @module
 */
import { codeOf } from "../../base/errors.ts";
import { Flight } from "../../base/flight.ts";
import { hashHex } from "../../base/hash.ts";
import { Limiter } from "../../base/limiter.ts";
import type { ImageDeps } from "../../image/model/deps.ts";
import type { PullEvent } from "../../image/model/events.ts";
import { pullImage } from "../../image/pull/pull.ts";
import type { Digest } from "../../oci/digest.ts";
import { type AuthFields, credentialsOf } from "../protocol/auth.ts";
import { pullName } from "../protocol/errors.ts";
import type { ProgressFeed } from "./progress_feed.ts";

/** More pulls at once only share the same line; the rest waits its turn. A kubelet asks for 10 at most by default. */
const PULLS_AT_ONCE = 32;

/** How a pull ended, for logs and metrics. */
export interface PullReport {
  /** The name in full. */
  readonly name: string;
  /** Undefined for a success, else what was thrown. */
  readonly error: unknown;
  /** Bytes that came over the network; what a failed pull brought is counted too. */
  readonly fetched: number;
  readonly durationMs: number;
}

/** What pulls work with. */
export interface PullsDeps {
  readonly images: ImageDeps;
  readonly feed: ProgressFeed;
  /** Unpack layers too, before an image is there for anybody. */
  readonly unpack: boolean;
  /** Hears of each blob that was committed, by its size. */
  onCommitted(size: number): void;
  onEnd(report: PullReport): void;
}

/** Pulls images for clients. */
export class Pulls {
  readonly #deps: PullsDeps;
  readonly #flight = new Flight<Digest>();
  readonly #limiter = new Limiter(PULLS_AT_ONCE);
  /** Makes hashes of secrets worthless outside of this process. */
  readonly #salt = crypto.randomUUID();

  constructor(deps: PullsDeps) {
    this.#deps = deps;
  }

  /**
   * Pulls an image, or joins a pull of the same name with the same credentials that is under way. Each caller leaves
   * at its own signal; the work is given up when the last one has left.
   *
   * @returns the image's id
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
      const told = feed.begin(name);
      let fetched = 0;
      const offsets = new Map<Digest, number>();
      const onEvent = (event: PullEvent) => {
        told.onEvent(event);
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
        told.end("done");
        end(undefined);
        return result.image.id;
      } catch (error) {
        const code = codeOf(error);
        told.end(code === "cancelled" || code === "deadline_exceeded" ? "interrupted" : "failed");
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
