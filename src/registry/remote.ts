/**
 * A repository at its registry, as other modules use it.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import type { FetchBody, FetchOptions, Remote, Resolved, TagPage, TransferRetry } from "../content/remote.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { type Reference, repositoryNameOf } from "../oci/reference.ts";
import type { RequestContext } from "./request/perform_request.ts";
import { RegistryFetcher } from "./blobs/fetcher.ts";
import type { AddressPolicy } from "./auth/address_policy.ts";
import type { RegistrySession } from "./auth/registry_session.ts";
import type { Transport } from "../http/message/http_message.ts";
import type { ListDeps } from "./pages.ts";
import { requestReferrers } from "./referrers.ts";
import { resolveDocument, resolveHead } from "./resolver.ts";
import { TagLister } from "./tags.ts";

/** What {@linkcode openRemote} works with. */
export interface RemoteDeps {
  /** Opens a session with each host of the registry, mirrors first. Called before the first request. */
  readonly openSessions: () => Promise<readonly RegistrySession[]>;
  /** For URLs outside of the registry. */
  readonly transport: Transport;
  readonly addresses: AddressPolicy;
  readonly context: RequestContext;
}

/** Created once the sessions are open. */
interface Parts {
  readonly sessions: readonly RegistrySession[];
  readonly fetcher: RegistryFetcher;
  readonly tags: TagLister;
  readonly lists: ListDeps;
}

/** Opens the repository of a reference. Sends nothing yet. */
export function openRemote(reference: Reference, deps: RemoteDeps): Remote {
  return new RegistryRemote(reference, deps);
}

class RegistryRemote implements Remote {
  readonly #name: string;
  readonly #repository: string;
  readonly #deps: RemoteDeps;
  #parts: Promise<Parts> | undefined;
  #sessions: readonly RegistrySession[] = [];

  constructor(reference: Reference, deps: RemoteDeps) {
    this.#name = repositoryNameOf(reference);
    this.#repository = reference.repository;
    this.#deps = deps;
  }

  async resolve(
    reference: Reference,
    signal: AbortSignal,
    onRetry?: (event: TransferRetry) => void,
  ): Promise<Resolved> {
    return await resolveDocument(reference, await this.#resolverDeps(reference), signal, onRetry);
  }

  async resolveDigest(reference: Reference, signal: AbortSignal): Promise<Resolved> {
    return await resolveHead(reference, await this.#resolverDeps(reference), signal);
  }

  async fetch(descriptor: Descriptor, options: FetchOptions, signal: AbortSignal): Promise<FetchBody> {
    signal.throwIfAborted();
    const { fetcher } = await this.#open();
    return await fetcher.fetch(descriptor, options, signal);
  }

  async listTags(
    options: { readonly last?: string; readonly pageSize?: number },
    signal: AbortSignal,
  ): Promise<TagPage> {
    const { tags } = await this.#open();
    return await tags.list(options, signal);
  }

  async listReferrers(digest: Digest, signal: AbortSignal): Promise<readonly Descriptor[]> {
    const { lists } = await this.#open();
    return await requestReferrers(digest, lists, signal);
  }

  hideSecrets(error: AppError): AppError {
    return this.#sessions.reduce((hidden, { secrets }) => secrets.hideIn(hidden), error);
  }

  async #resolverDeps(reference: Reference) {
    // Sessions have the credentials and scopes of one repository.
    if (repositoryNameOf(reference) !== this.#name) {
      const other = repositoryNameOf(reference);
      throw new AppError("internal", `Cannot resolve "${other}": the remote is open for "${this.#name}"`);
    }
    const { sessions } = await this.#open();
    return { sessions, context: this.#deps.context };
  }

  #open(): Promise<Parts> {
    return this.#parts ??= this.#openParts().catch((error) => {
      // The next call tries again, for example to read a configuration file.
      this.#parts = undefined;
      throw error;
    });
  }

  async #openParts(): Promise<Parts> {
    const { openSessions, transport, addresses, context } = this.#deps;
    const sessions = await openSessions();
    this.#sessions = sessions;
    const common = { name: this.#name, repository: this.#repository, context };
    const withCapability = (capability: "pull" | "resolve") =>
      sessions.filter(({ host }) => host.capabilities.has(capability));
    const lists = { ...common, sessions: withCapability("resolve") };
    return {
      sessions,
      fetcher: new RegistryFetcher({ ...common, sessions: withCapability("pull"), transport, addresses }),
      tags: new TagLister(lists),
      lists,
    };
  }
}
