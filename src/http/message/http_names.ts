/**
 * Names of HTTP headers, in lower case as requests carry them (RFC 9110; distribution spec 1.1).
 *
 * @module
 */

/** Media types that we can read. */
export const ACCEPT = "accept";
/** What was done to the bytes for the way. */
export const CONTENT_ENCODING = "content-encoding";
/** Bytes of the body. */
export const CONTENT_LENGTH = "content-length";
/** Which bytes of the whole the body has. */
export const CONTENT_RANGE = "content-range";
/** What the body is. */
export const CONTENT_TYPE = "content-type";
/** What the host's clock says. */
export const DATE = "date";
/** Where the next page is (RFC 8288). */
export const LINK = "link";
/** Which bytes we want. */
export const RANGE = "range";
/** How long we are to stay away. */
export const RETRY_AFTER = "retry-after";
/** What a registry wants its users to know. */
export const WARNING = "warning";
/** What the bytes of a manifest hash to, says the registry. */
export const DOCKER_CONTENT_DIGEST = "docker-content-digest";
