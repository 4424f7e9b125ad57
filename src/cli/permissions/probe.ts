/**
 * Asks a registry which hosts it redirects clients to.
 *
 * @module
 */
import { readAll } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import type { Remote } from "../../content/remote.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { MANIFEST_MAX_BYTES, parseDocument } from "../../oci/document.ts";
import { parseReference } from "../../oci/reference.ts";
import { openRegistry } from "../../image/registry.ts";
import type { RegistrySettings } from "../../image/registry.ts";
import { netHostOf } from "./hosts.ts";

/** Maximum nesting of indexes; an image has one or two. */
const DEPTH_MAX = 4;

/**
 * Resolves a reference, opens the last blob of its first image, and returns every host that was contacted.
 * Other blobs may be on other hosts: a redirect can depend on the client's region or the time of day.
 *
 * @throws AppError as a pull
 */
export async function probeHosts(
  text: string,
  settings: RegistrySettings,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const reference = parseReference(text);
  const hosts = new Set<string>();
  const registry = openRegistry({ ...settings, onRequest: (url) => hosts.add(netHostOf(url)) });
  try {
    const remote = registry.remote(reference);
    const { descriptor, bytes } = await remote.resolve(reference, signal);
    const blob = await someBlob(remote, descriptor, bytes, signal);
    using _body = await remote.fetch(blob, {}, signal);
  } finally {
    registry.close();
  }
  return [...hosts];
}

async function someBlob(
  remote: Remote,
  top: Descriptor,
  topBytes: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<Descriptor> {
  let descriptor = top;
  let bytes = topBytes ?? await readDocument(remote, descriptor, signal);
  for (let depth = 0; depth < DEPTH_MAX; depth++) {
    const document = parseDocument(bytes, descriptor.mediaType, `manifest "${descriptor.digest}"`);
    if (document.kind === "manifest") return document.layers.at(-1) ?? document.config;
    const [first] = document.manifests;
    if (first === undefined) break;
    descriptor = first;
    bytes = await readDocument(remote, descriptor, signal);
  }
  throw new AppError("not_found", `Cannot probe "${top.digest}": it contains no image`);
}

async function readDocument(
  remote: Remote,
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<Uint8Array> {
  using body = await remote.fetch(descriptor, {}, signal);
  return await readAll(body, MANIFEST_MAX_BYTES, `manifest "${descriptor.digest}"`);
}
