/**
 * Fetching the content of descriptors: its path, and the endpoints that may serve it.
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
import type { AddressPolicy } from "../auth/address_policy.ts";
import type { RegistrySession } from "../auth/registry_session.ts";
import type { Transport } from "../../http/message/http_message.ts";
import { ACCEPT } from "../../http/message/http_names.ts";
import { type Endpoint, registryEndpoint, urlEndpoint } from "../request/endpoint.ts";

/** URLs of a foreign layer to try; a document with more is an attack or a mistake. */
const FOREIGN_URLS_MAX = 8;

/** What {@linkcode RegistryFetcher} works with. */
export interface FetcherDeps {
  /** The full name of the repository, for messages: `docker.io/library/nginx`. */
  readonly name: string;
  /** The path of the repository at each host: `library/nginx`. */
  readonly repository: string;
  /** The hosts that may serve content, in order of preference. */
  readonly sessions: readonly RegistrySession[];
  /** For foreign layers only. */
  readonly transport: Transport;
  readonly addresses: AddressPolicy;
  readonly context: RequestContext;
}

/** Fetches from one repository. */
export class RegistryFetcher {
  readonly #deps: FetcherDeps;
  /**
   * Hosts that have served a blob. If it is requested again, its bytes were wrong: other hosts are tried
   * first.
   */
  readonly #servedBy = new Map<Digest, Set<string>>();

  /** Sends nothing yet. */
  constructor(deps: FetcherDeps) {
    this.#deps = deps;
  }

  /** See `Fetcher` in `content/remote.ts`. */
  async fetch(descriptor: Descriptor, options: FetchOptions, signal: AbortSignal): Promise<FetchBody> {
    const { name, sessions, context } = this.#deps;
    const { digest, size } = descriptor;
    // A partial that is longer than the blob can't be resumed.
    const offset = (options.offset ?? 0) <= size ? options.offset ?? 0 : 0;
    const first = sessions[0];
    if (first === undefined) {
      throw new AppError(
        "invalid_argument",
        `Cannot fetch from "${name}": no host has the capability "pull"`,
      );
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
        `${operation}: it has ${size} bytes, expected at most ${MANIFEST_MAX_BYTES}`,
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
        strategy: options.strategy ?? "sequential",
        allowsRanges: options.allowsRanges ?? true,
      },
      context,
      signal,
    );
    this.#recordHost(digest, body.host);
    return body;
  }

  #endpointsOf(descriptor: Descriptor, isDocument: boolean): readonly Endpoint[] {
    const { repository, sessions, transport, addresses } = this.#deps;
    const path = `${repository}/${isDocument ? "manifests" : "blobs"}/${descriptor.digest}`;
    const endpoints = sessions.map((session) => registryEndpoint(session, path));
    if (isForeignLayerType(descriptor.mediaType)) {
      endpoints.push(...foreignUrls(descriptor).map((url) => urlEndpoint(url, transport, addresses)));
    }
    const hosts = this.#servedBy.get(descriptor.digest);
    if (hosts === undefined) return endpoints;
    return [
      ...endpoints.filter(({ host }) => !hosts.has(host)),
      ...endpoints.filter(({ host }) => hosts.has(host)),
    ];
  }

  #recordHost(digest: Digest, host: string): void {
    const hosts = this.#servedBy.get(digest);
    if (hosts === undefined) this.#servedBy.set(digest, new Set([host]));
    else hosts.add(host);
  }
}

function isDocumentType(mediaType: string): boolean {
  const type = essenceOf(mediaType);
  return isIndexType(type) || isManifestType(type);
}

/** The URLs of a layer that may be requested: https, and without user and password. `urlEndpoint` checks addresses. */
function foreignUrls({ urls = [] }: Descriptor): readonly URL[] {
  return urls.slice(0, FOREIGN_URLS_MAX).flatMap((text) => {
    const url = URL.parse(text);
    const isAllowed = url?.protocol === "https:" && url.username === "" && url.password === "";
    return isAllowed && kindOfHost(url.hostname) === "public" ? [url] : [];
  });
}
