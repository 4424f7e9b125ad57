/**
 * dray as a library: pull images from registries into a store that is a plain OCI image layout, and look after it.
 *
 * Nothing here prints, reads the environment, or ends the process.
 *
 * @example Pull an image and list what is there
 * ```ts no-eval
 * import { openImages } from "./mod.ts";
 *
 * const images = await openImages({ root: "/var/lib/dray" });
 * const { record, fetched } = await images.pull("docker.io/library/alpine:3.20", {
 *   onEvent: (event) => event.kind === "blob" && console.log(event.digest, event.state),
 *   signal: AbortSignal.timeout(60_000),
 * });
 * console.log(record.imageId, fetched);
 * for (const image of await images.list()) console.log(image.repoTags, image.size);
 * images.close();
 * ```
 *
 * @module
 */
export { AppError, codeOf, isCode } from "./base/errors.ts";
export type { AppErrorOptions, ErrorCode, ErrorDetails } from "./base/errors.ts";
export { ANONYMOUS } from "./content/credential.ts";
export type { Credential, CredentialSource, FoundCredential } from "./content/credential.ts";
export { openImages } from "./image/open.ts";
export type { OpenOptions } from "./image/open.ts";
