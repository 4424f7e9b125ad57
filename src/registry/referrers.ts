/**
 * Listing the manifests that refer to another one, such as signatures and SBOMs (distribution spec 1.1,
 * "Listing Referrers").
 *
 * @module
 */
import { AppError, isCode } from "../base/errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { MANIFEST_MAX_BYTES, parseDocument } from "../oci/document.ts";
import { OCI_INDEX } from "../oci/media_type.ts";
import { fetchPage, type ListDeps, type ListRequest } from "./pages.ts";

/** A longer list is an attack or a mistake. */
const PAGES_MAX = 100;

/**
 * Lists referrers in the host's order. If the host has no referrers API, uses the referrers tag.
 *
 * @throws AppError network codes; `invalid_content` for a page that isn't an index, or a list without an end
 */
export async function requestReferrers(
  digest: Digest,
  deps: ListDeps,
  signal: AbortSignal,
): Promise<readonly Descriptor[]> {
  const operation = `Cannot list referrers of "${deps.name}@${digest}"`;
  try {
    return await listPages(`referrers/${digest}`, operation, deps, signal);
  } catch (error) {
    if (!isWithoutApi(error)) throw error;
  }
  try {
    return await listPages(`manifests/${digest.replace(":", "-")}`, operation, deps, signal);
  } catch (error) {
    // 404 means there are no referrers.
    if (isCode(error, "not_found")) return [];
    throw error;
  }
}

/** Statuses of registries without the referrers API, besides 404. Some respond with a web page instead. */
const WITHOUT_API = new Set<unknown>([400, 405, 406, 501]);

function isWithoutApi(error: unknown): boolean {
  if (!(error instanceof AppError)) return false;
  const { status, isWebPage } = error.details;
  return error.code === "not_found" || WITHOUT_API.has(status) || isWebPage === true;
}

async function listPages(
  path: string,
  operation: string,
  deps: ListDeps,
  signal: AbortSignal,
): Promise<readonly Descriptor[]> {
  const list: ListRequest<Descriptor> = {
    operation,
    what: "the referrers",
    path,
    accept: OCI_INDEX,
    maxBytes: MANIFEST_MAX_BYTES,
    parse(bytes, where, refuse) {
      const document = parseDocument(bytes, OCI_INDEX, where);
      if (document.kind !== "index") throw refuse("sent no index");
      return document.manifests;
    },
  };
  const all: Descriptor[] = [];
  let query = "";
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const page = await fetchPage(list, query, deps, signal);
    all.push(...page.items);
    query = page.query;
    if (query === "") return all;
  }
  throw new AppError("invalid_content", `${operation}: the list has more than ${PAGES_MAX} pages`);
}
