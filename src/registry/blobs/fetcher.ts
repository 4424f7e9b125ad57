/**
 * Descriptors to bytes: which path a descriptor has, and which hosts may have it.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { FetchBody, FetchOptions } from "../../content/remote.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { MANIFEST_MAX_BYTES } from "../../oci/document.ts";
import { essenceOf, isForeignLayerType, isIndexType, isManifestType } from "../../oci/media_type.ts";
import { kindOfHost } from "../../http/network/addresses.ts";
import { openResumingBody } from "./resuming_body.ts";
import { embeddedBytes, memoryBody } from "./embedded.ts";
import type { RequestContext } from "../request/perform_request.ts";
import type { RegistrySession } from "../auth/registry_session.ts";
import type { Transport } from "../../http/message/http_message.ts";
import { ACCEPT } from "../../http/message/http_names.ts";
import { type Endpoint, registryEndpoint, urlEndpoint } from "../request/endpoint.ts";

/** The addresses of a foreign layer that are tried; a document that names more is an attack or a mistake. */
const FOREIGN_URLS_MAX = 8;

/** What a fetcher works with. */
export interface FetcherDeps {
  /** The repository's name in full, for messages: `docker.io/library/nginx`. */
  readonly name: string;
  /** The path at each host: `library/nginx`. */
  readonly repository: string;
  /** The hosts that may be asked for content, in order. */
  readonly sessions: readonly RegistrySession[];
  /** For foreign layers alone. */
  readonly transport: Transport;
  readonly context: RequestContext;
}

/** Fetches from one repository. */
export class RegistryFetcher {
  readonly #deps: FetcherDeps;
  /** Who gave a blob before: one that is asked for again was not good, and others come first then. */
  readonly #givers = new Map<Digest, Set<string>>();

  /** A fetcher that has asked nobody yet. */
  constructor(deps: FetcherDeps) {
    this.#deps = deps;
  }

  /** See `Fetcher` in `content/remote.ts`. */
  async fetch(descriptor: Descriptor, options: FetchOptions, signal: AbortSignal): Promise<FetchBody> {
    const { name, sessions, context } = this.#deps;
    const { digest, size } = descriptor;
    // What is longer than the whole is no part of it.
    const offset = (options.offset ?? 0) <= size ? options.offset ?? 0 : 0;
    const first = sessions[0];
    if (first === undefined) {
      throw new AppError("invalid_argument", `Cannot fetch from "${name}": no host may be asked`);
    }
    const embedded = await embeddedBytes(descriptor);
    if (embedded !== undefined) return memoryBody(embedded, offset, first.host.base.host, signal);
    if (offset === size && size > 0) {
      return memoryBody(new Uint8Array(0), offset, first.host.base.host, signal);
    }
    const isDocument = isDocumentType(descriptor.mediaType);
    const what = isDocument ? "manifest" : "blob";
    const operation = `Cannot fetch ${what} "${digest}" of "${name}"`;
    if (isDocument && size > MANIFEST_MAX_BYTES) {
      throw new AppError(
        "limit_exceeded",
        `${operation}: it has ${size} bytes, want at most ${MANIFEST_MAX_BYTES}`,
      );
    }
    const body = await openResumingBody(
      {
        operation,
        endpoints: this.#endpointsOf(descriptor, isDocument),
        size,
        offset,
        headers: { [ACCEPT]: isDocument ? essenceOf(descriptor.mediaType) : "*/*" },
        onEvent: options.onEvent ?? (() => {}),
        isDominant: options.isDominant ?? false,
      },
      context,
      signal,
    );
    this.#noteGiver(digest, body.host);
    return body;
  }

  #endpointsOf(descriptor: Descriptor, isDocument: boolean): readonly Endpoint[] {
    const { repository, sessions, transport } = this.#deps;
    const path = `${repository}/${isDocument ? "manifests" : "blobs"}/${descriptor.digest}`;
    const endpoints = sessions.map((session) => registryEndpoint(session, path));
    if (isForeignLayerType(descriptor.mediaType)) {
      endpoints.push(...foreignUrls(descriptor).map((url) => urlEndpoint(url, transport)));
    }
    const givers = this.#givers.get(descriptor.digest);
    if (givers === undefined) return endpoints;
    return [
      ...endpoints.filter(({ host }) => !givers.has(host)),
      ...endpoints.filter(({ host }) => givers.has(host)),
    ];
  }

  #noteGiver(digest: Digest, host: string): void {
    const givers = this.#givers.get(digest);
    if (givers === undefined) this.#givers.set(digest, new Set([host]));
    else givers.add(host);
  }
}

function isDocumentType(mediaType: string): boolean {
  const type = essenceOf(mediaType);
  return isIndexType(type) || isManifestType(type);
}

/**
 * The addresses of a layer that may be asked: https, none that carries a user or password, and none that can only be
 * meant for this machine's own surroundings: whoever wrote the image must not send us to a cloud's metadata service.
 */
function foreignUrls({ urls = [] }: Descriptor): readonly URL[] {
  return urls.slice(0, FOREIGN_URLS_MAX).flatMap((text) => {
    const url = URL.parse(text);
    if (url?.protocol !== "https:" || url.username !== "" || url.password !== "") return [];
    return kindOfHost(url.hostname) === "public" ? [url] : [];
  });
}
