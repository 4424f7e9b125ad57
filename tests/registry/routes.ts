/**
 * The pull side of the registry API (distribution spec 1.1).
 *
 * @module
 */
import { type Digest, findDigest } from "../../src/oci/digest.ts";
import { parseJsonObject } from "../../src/oci/json.ts";
import { OCI_INDEX } from "../../src/oci/media_type.ts";
import { describe } from "../images/image.ts";
import { bytesResponse, errorResponse, jsonResponse, type TestResponse } from "./response.ts";
import { findDocument, type RegistryContent, type Repository } from "./content.ts";
import type { RawRequest } from "./http1.ts";

/** The target of a path. */
export interface Route {
  readonly kind: "base" | "manifest" | "blob" | "tags" | "referrers" | "other";
  /** "" for `base` and `other`. */
  readonly repository: string;
  /** The tag or digest, otherwise "". */
  readonly reference: string;
}

const ROUTE = /^\/v2\/(.+?)\/(?:(manifests|blobs|referrers)\/([^/]+)|tags\/list)$/;
const KINDS = { manifests: "manifest", blobs: "blob", referrers: "referrers" } as const;

/** Parses a path. */
export function routeOf(path: string): Route {
  if (path === "/v2/" || path === "/v2") return { kind: "base", repository: "", reference: "" };
  const match = ROUTE.exec(path);
  const [, repository = "", word, reference = ""] = match ?? [];
  if (match === null) return { kind: "other", repository: "", reference: "" };
  const kind = word === undefined ? "tags" : KINDS[word as keyof typeof KINDS];
  return { kind, repository, reference: decodeURIComponent(reference) };
}

/** Responds to a request with valid credentials. */
export function respondToRoute(content: RegistryContent, route: Route, request: RawRequest): TestResponse {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return errorResponse(405, "UNSUPPORTED", "only pulls are served here");
  }
  if (route.kind === "base") return jsonResponse(200, {});
  const repository = content.find(route.repository);
  if (repository === undefined) {
    return errorResponse(404, "NAME_UNKNOWN", "repository name not known to registry");
  }
  switch (route.kind) {
    case "manifest":
      return manifestResponse(repository, route.reference);
    case "blob":
      return blobResponse(repository, route.reference, request.headers.get("range"));
    case "tags":
      return tagsResponse(repository, route.repository, request.url.searchParams);
    case "referrers":
      return referrersResponse(repository, route.reference);
    case "other":
      return errorResponse(404, "NOT_FOUND", "no such path");
  }
}

function manifestResponse(repository: Repository, reference: string): TestResponse {
  const document = findDocument(repository, reference);
  if (document === undefined) return errorResponse(404, "MANIFEST_UNKNOWN", "manifest unknown");
  return bytesResponse(200, document.bytes, {
    "content-type": document.mediaType,
    "docker-content-digest": document.digest,
    etag: `"${document.digest}"`,
  });
}

function blobResponse(repository: Repository, reference: string, range: string | null): TestResponse {
  const digest = findDigest(reference);
  const blob = digest === undefined ? undefined : repository.blobs.get(digest);
  if (blob === undefined) return errorResponse(404, "BLOB_UNKNOWN", "blob unknown to registry");
  const headers = {
    "content-type": "application/octet-stream",
    "docker-content-digest": blob.digest,
    etag: `"${blob.digest}"`,
    "accept-ranges": "bytes",
  };
  const [, from, to] = /^bytes=([0-9]+)-([0-9]*)$/.exec(range ?? "") ?? [];
  if (from === undefined) {
    return { status: 200, headers, body: { size: blob.size, chunks: blob.read(0, blob.size), offset: 0 } };
  }
  const start = Number(from);
  const end = Math.min(to === "" ? blob.size : Number(to) + 1, blob.size);
  if (start >= end) {
    return errorResponse(416, "RANGE_INVALID", "no such range", { "content-range": `bytes */${blob.size}` });
  }
  return {
    status: 206,
    headers: { ...headers, "content-range": `bytes ${start}-${end - 1}/${blob.size}` },
    body: { size: end - start, chunks: blob.read(start, end), offset: start },
  };
}

function tagsResponse(repository: Repository, name: string, query: URLSearchParams): TestResponse {
  const all = [...repository.tags.keys()].sort();
  const last = query.get("last");
  const rest = last === null ? all : all.filter((tag) => tag > last);
  const n = Number(query.get("n") ?? all.length);
  const tags = rest.slice(0, n);
  const next = tags.at(-1);
  const more = rest.length > tags.length && next !== undefined;
  const link = `</v2/${name}/tags/list?n=${n}&last=${encodeURIComponent(next ?? "")}>; rel="next"`;
  return jsonResponse(200, { name, tags }, more ? { link } : {});
}

function referrersResponse(repository: Repository, reference: string): TestResponse {
  const manifests = [...repository.documents.values()].flatMap((document) => {
    const subject = subjectOf(document.bytes);
    if (subject?.digest !== reference) return [];
    return [describe(document, subject.artifactType ? { artifactType: subject.artifactType } : {})];
  });
  return jsonResponse(200, { schemaVersion: 2, mediaType: OCI_INDEX, manifests }, {
    "content-type": OCI_INDEX,
  });
}

function subjectOf(bytes: Uint8Array): { digest: Digest | undefined; artifactType?: string } | undefined {
  try {
    const fields = parseJsonObject(bytes, "document");
    const digest = (fields.subject as { digest?: string } | undefined)?.digest;
    const type = fields.artifactType;
    return { digest: findDigest(digest ?? ""), ...(typeof type === "string" && { artifactType: type }) };
  } catch {
    return undefined;
  }
}
