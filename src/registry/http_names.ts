/**
 * Names of HTTP headers, in lower case as requests carry them (RFC 9110; distribution spec 1.1).
 *
 * @module
 */

export const ACCEPT = "accept";
export const ACCEPT_ENCODING = "accept-encoding";
export const AUTHORIZATION = "authorization";
export const CONTENT_ENCODING = "content-encoding";
export const CONTENT_LENGTH = "content-length";
export const CONTENT_RANGE = "content-range";
export const CONTENT_TYPE = "content-type";
export const DATE = "date";
export const LINK = "link";
export const LOCATION = "location";
export const RANGE = "range";
export const RETRY_AFTER = "retry-after";
export const USER_AGENT = "user-agent";
export const WARNING = "warning";
export const WWW_AUTHENTICATE = "www-authenticate";

/** What the bytes of a manifest hash to, says the registry. */
export const DOCKER_CONTENT_DIGEST = "docker-content-digest";

/** The registry that a mirror is asked for (distribution spec, "Registry Proxying"). */
export const OCI_NAMESPACE = "oci-namespace";
