/**
 * Names of HTTP headers, in lower case as requests carry them (RFC 9110; distribution spec 1.1).
 *
 * @module
 */

/** Media types that the client accepts. */
export const ACCEPT = "accept";
/** The compression of the body for its transfer. */
export const CONTENT_ENCODING = "content-encoding";
/** The size of the body in bytes. */
export const CONTENT_LENGTH = "content-length";
/** The part of the content in the body. */
export const CONTENT_RANGE = "content-range";
/** The media type of the body. */
export const CONTENT_TYPE = "content-type";
/** The time of the host. */
export const DATE = "date";
/** The URL of the next page (RFC 8288). */
export const LINK = "link";
/** The part of the content that is requested. */
export const RANGE = "range";
/** The time to wait before a retry. */
export const RETRY_AFTER = "retry-after";
/** The authentication schemes that the host accepts. */
export const WWW_AUTHENTICATE = "www-authenticate";
/** A message of the registry to its users. */
export const WARNING = "warning";
/** The digest of a manifest, according to the registry. */
export const DOCKER_CONTENT_DIGEST = "docker-content-digest";
