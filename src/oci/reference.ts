/**
 * References: names of images, in the grammar of github.com/distribution/reference.
 *
 * @module
 */
import { redactName } from "../base/redact.ts";
import { AppError } from "../base/errors.ts";
import { type Digest, parseDigest } from "./digest.ts";
import { DOCKER_HUB, DOCKER_HUB_INDEX } from "./docker_hub.ts";

/** A complete reference: `docker.io/library/nginx:latest`. */
export interface Reference {
  /** The host, with a port if the reference has one: `docker.io`, `[::1]:5000`. */
  readonly registry: string;
  /** The path within the registry: `library/nginx`. */
  readonly repository: string;
  /** The tag. Missing only in a reference with a digest and without a tag. */
  readonly tag?: string;
  /** The digest. It takes precedence over the tag. */
  readonly digest?: Digest;
}

const OFFICIAL_PREFIX = "library/";
const DEFAULT_TAG = "latest";

/** The grammar's limit for the repository, in characters. */
const REPOSITORY_MAX_LENGTH = 255;

const DOMAIN_LABEL = "(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])";
const REGISTRY = new RegExp(`^(?:${DOMAIN_LABEL}(?:\\.${DOMAIN_LABEL})*|\\[[A-Fa-f0-9:]+\\])(?::[0-9]+)?$`);
const PATH_COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const REPOSITORY = new RegExp(`^${PATH_COMPONENT}(?:/${PATH_COMPONENT})*$`);
export const TAG_PATTERN: RegExp = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const BARE_ID = /^[a-f0-9]{64}$/;
/** The prefix of Docker Hub references in the syntax of an older tool. */
const OLD_PREFIX = "docker:";

function invalid(text: string, cause: string): AppError {
  return new AppError("invalid_argument", `Cannot parse image reference "${redactName(text)}": ${cause}`);
}

/**
 * Parses a reference and fills in Docker's defaults: `nginx` is `docker.io/library/nginx:latest`, and
 * `docker:NAME:TAG` is `docker.io/NAME:TAG`.
 *
 * @throws AppError `invalid_argument`, or `unsupported` for a digest of an unknown algorithm
 *
 * @example
 * ```ts
 * import { formatReference, parseReference } from "./reference.ts";
 *
 * console.assert(formatReference(parseReference("nginx")) === "docker.io/library/nginx:latest");
 * ```
 */
export function parseReference(text: string): Reference {
  const reference = text.startsWith(OLD_PREFIX) && !/^docker:[0-9]+\//.test(text)
    ? stripOldPrefix(text)
    : text;
  if (reference === "") throw invalid(text, "it is empty");
  if (redactName(text) !== text) {
    throw invalid(text, 'a user name and password aren\'t part of a name; remove them, and use "dray login"');
  }
  if (/\s/.test(reference)) throw invalid(text, "it contains white space");
  if (text.includes("://")) throw invalid(text, "remove the scheme (docker://, https://)");
  if (BARE_ID.test(reference)) throw invalid(text, "64 hexadecimal digits are an image id, not a name");
  const [name, digestText] = splitDigest(reference);
  const [path, tag] = splitTag(name, text);
  const [registry, repository] = splitRegistry(path);
  checkParts(text, registry, repository);
  if (digestText === undefined) return { registry, repository, tag: tag ?? DEFAULT_TAG };
  const digest = digestIn(text, digestText);
  return tag === undefined ? { registry, repository, digest } : { registry, repository, tag, digest };
}

/** Removes the prefix of `docker:NAME[:TAG]`. */
function stripOldPrefix(text: string): string {
  const rest = text.slice(OLD_PREFIX.length);
  // `docker:1.2` and `docker:latest` are tags of the image "docker", not a prefix.
  return rest.includes("/") || rest.includes(":") ? rest : text;
}

function splitDigest(text: string): [name: string, digest: string | undefined] {
  const at = text.indexOf("@");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function splitTag(name: string, text: string): [path: string, tag: string | undefined] {
  const colon = name.lastIndexOf(":");
  if (colon < 0 || colon < name.lastIndexOf("/") || colon < name.lastIndexOf("]")) return [name, undefined];
  const tag = name.slice(colon + 1);
  if (!TAG_PATTERN.test(tag)) {
    throw invalid(
      text,
      `invalid tag "${tag}"; expected 1 to 128 letters, digits, "_", "." or "-", not starting with "." or "-"`,
    );
  }
  return [name.slice(0, colon), tag];
}

function splitRegistry(path: string): [registry: string, repository: string] {
  const slash = path.indexOf("/");
  const first = path.slice(0, Math.max(0, slash));
  const isRegistry = first === "localhost" || /[.:]/.test(first) || first !== first.toLowerCase();
  if (slash < 0 || !isRegistry) {
    return [DOCKER_HUB, slash < 0 ? OFFICIAL_PREFIX + path : path];
  }
  const rest = path.slice(slash + 1);
  if (first !== DOCKER_HUB_INDEX && first !== DOCKER_HUB) return [first, rest];
  return [DOCKER_HUB, rest.includes("/") ? rest : OFFICIAL_PREFIX + rest];
}

function checkParts(text: string, registry: string, repository: string): void {
  if (!REGISTRY.test(registry)) {
    throw invalid(text, `registry "${registry}" is not a host name with an optional port`);
  }
  if (!REPOSITORY.test(repository)) {
    const lower = repository.toLowerCase();
    throw invalid(
      text,
      lower !== repository && REPOSITORY.test(lower)
        ? `repository "${repository}" must be lower case`
        : `invalid repository "${repository}"; expected lower-case letters and digits, separated by "/", ".", "_" or "-"`,
    );
  }
  if (repository.length > REPOSITORY_MAX_LENGTH) {
    throw invalid(
      text,
      `its repository has ${repository.length} characters, but the limit is ${REPOSITORY_MAX_LENGTH}`,
    );
  }
}

function digestIn(text: string, digest: string): Digest {
  try {
    return parseDigest(digest);
  } catch (cause) {
    const code = cause instanceof AppError ? cause.code : "invalid_argument";
    throw new AppError(
      code,
      `Cannot parse image reference "${redactName(text)}": invalid digest "${digest}"`,
      {
        cause,
      },
    );
  }
}

/** The registry and repository: `docker.io/library/nginx`. */
export function repositoryNameOf(reference: Reference): string {
  return `${reference.registry}/${reference.repository}`;
}

/**
 * Writes the reference in full, with whatever tag and digest it has.
 *
 * @example
 * ```ts
 * import { formatReference } from "./reference.ts";
 *
 * const reference = { registry: "ghcr.io", repository: "ann/app", tag: "1.0" };
 * console.assert(formatReference(reference) === "ghcr.io/ann/app:1.0");
 * ```
 */
export function formatReference(reference: Reference): string {
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  const digest = reference.digest === undefined ? "" : `@${reference.digest}`;
  return repositoryNameOf(reference) + tag + digest;
}

/**
 * The name of the reference in the store: without the tag if there is a digest, which takes precedence.
 * `docker.io/library/nginx:latest` or `docker.io/library/nginx@sha256:…`.
 */
export function recordedNameOf(reference: Reference): string {
  const { registry, repository, digest } = reference;
  return formatReference(digest === undefined ? reference : { registry, repository, digest });
}

/** A reference to the same repository with this digest and no tag. */
export function withDigest(reference: Reference, digest: Digest): Reference {
  return { registry: reference.registry, repository: reference.repository, digest };
}
