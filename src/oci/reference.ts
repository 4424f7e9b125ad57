/**
 * References: the user's names for images, by the grammar of distribution/reference.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { type Digest, parseDigest } from "./digest.ts";

/** A name in full: `docker.io/library/nginx:latest`. */
export interface Reference {
  /** The host that stands in the name, with its port if one was written: `docker.io`, `[::1]:5000`. */
  readonly registry: string;
  /** The path within the registry: `library/nginx`. */
  readonly repository: string;
  /** The mutable label. Missing only when there is a digest and no tag was written. */
  readonly tag?: string;
  /** Beats the tag when both are there. */
  readonly digest?: Digest;
}

const DEFAULT_REGISTRY = "docker.io";
const LEGACY_DEFAULT_REGISTRY = "index.docker.io";
const OFFICIAL_PREFIX = "library/";
const DEFAULT_TAG = "latest";

/** The grammar's limit for the path within the registry, in characters. */
const REPOSITORY_MAX_LENGTH = 255;

const DOMAIN_LABEL = "(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])";
const REGISTRY = new RegExp(`^(?:${DOMAIN_LABEL}(?:\\.${DOMAIN_LABEL})*|\\[[A-Fa-f0-9:]+\\])(?::[0-9]+)?$`);
const PATH_COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const REPOSITORY = new RegExp(`^${PATH_COMPONENT}(?:/${PATH_COMPONENT})*$`);
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const BARE_ID = /^[a-f0-9]{64}$/;
/** How the older tool wrote names of Docker Hub. */
const OLD_PREFIX = "docker:";

function refuse(text: string, why: string): AppError {
  return new AppError("invalid_argument", `Cannot parse image reference "${text}": ${why}`);
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
  const written = text.startsWith(OLD_PREFIX) && !/^docker:[0-9]+\//.test(text) ? stripOldPrefix(text) : text;
  if (written === "") throw refuse(text, "it is empty");
  if (/\s/.test(written)) throw refuse(text, "it has white space");
  if (text.includes("://")) throw refuse(text, "want no scheme, such as https:// or docker://");
  if (BARE_ID.test(written)) throw refuse(text, "64 hexadecimal digits are an image id, not a name");
  const [name, digestText] = cutDigest(written);
  const [path, tag] = cutTag(name, text);
  const [registry, repository] = splitRegistry(path);
  checkParts(text, registry, repository);
  if (digestText === undefined) return { registry, repository, tag: tag ?? DEFAULT_TAG };
  const digest = digestIn(text, digestText);
  return tag === undefined ? { registry, repository, digest } : { registry, repository, tag, digest };
}

/** `docker:NAME:TAG` names Docker Hub whatever NAME looks like; one that names a registry of its own keeps it. */
function stripOldPrefix(text: string): string {
  const rest = text.slice(OLD_PREFIX.length);
  // `docker:1.2` and `docker:latest` are tags of the image "docker"; only a further name makes it a prefix.
  return rest.includes("/") || rest.includes(":") ? rest : text;
}

function cutDigest(text: string): [name: string, digest: string | undefined] {
  const at = text.indexOf("@");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function cutTag(name: string, text: string): [path: string, tag: string | undefined] {
  const colon = name.lastIndexOf(":");
  if (colon < 0 || colon < name.lastIndexOf("/") || colon < name.lastIndexOf("]")) return [name, undefined];
  const tag = name.slice(colon + 1);
  if (!TAG.test(tag)) {
    throw refuse(
      text,
      `tag "${tag}" is wrong, want 1 to 128 letters, digits, "_", "." or "-", no "." or "-" first`,
    );
  }
  return [name.slice(0, colon), tag];
}

function splitRegistry(path: string): [registry: string, repository: string] {
  const slash = path.indexOf("/");
  const first = path.slice(0, Math.max(0, slash));
  const isRegistry = first === "localhost" || /[.:]/.test(first) || first !== first.toLowerCase();
  if (slash < 0 || !isRegistry) {
    return [DEFAULT_REGISTRY, slash < 0 ? OFFICIAL_PREFIX + path : path];
  }
  const rest = path.slice(slash + 1);
  if (first !== LEGACY_DEFAULT_REGISTRY && first !== DEFAULT_REGISTRY) return [first, rest];
  return [DEFAULT_REGISTRY, rest.includes("/") ? rest : OFFICIAL_PREFIX + rest];
}

function checkParts(text: string, registry: string, repository: string): void {
  if (!REGISTRY.test(registry)) {
    throw refuse(text, `registry "${registry}" is not a host name with an optional port`);
  }
  if (!REPOSITORY.test(repository)) {
    const lower = repository.toLowerCase();
    throw refuse(
      text,
      lower !== repository && REPOSITORY.test(lower)
        ? `repository "${repository}" must be lower case`
        : `repository "${repository}" is wrong, want lower-case letters and digits in parts that "/", ".", "_" or "-" join`,
    );
  }
  if (repository.length > REPOSITORY_MAX_LENGTH) {
    throw refuse(
      text,
      `its repository has ${repository.length} characters, want at most ${REPOSITORY_MAX_LENGTH}`,
    );
  }
}

function digestIn(text: string, digest: string): Digest {
  try {
    return parseDigest(digest);
  } catch (cause) {
    const code = cause instanceof AppError ? cause.code : "invalid_argument";
    throw new AppError(code, `Cannot parse image reference "${text}": digest "${digest}" is wrong`, {
      cause,
    });
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
 * The name under which the store records the reference: by its digest if it has one, since that beats the tag.
 * `docker.io/library/nginx:latest` or `docker.io/library/nginx@sha256:…`.
 */
export function recordedNameOf(reference: Reference): string {
  const { registry, repository, digest } = reference;
  return formatReference(digest === undefined ? reference : { registry, repository, digest });
}

/** The reference of the same repository with another digest and no tag. */
export function withDigest(reference: Reference, digest: Digest): Reference {
  return { registry: reference.registry, repository: reference.repository, digest };
}
