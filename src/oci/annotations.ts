/**
 * Annotation keys of the OCI image specification 1.1 (annotations.md).
 *
 * @module
 */

/** The name of an image in a layout. skopeo, umoci, oras and podman select images by it. */
export const REF_NAME = "org.opencontainers.image.ref.name";
