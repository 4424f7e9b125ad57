/**
 * The versions of the CRI. The field numbers of the image service are the same in both, so they share their handlers.
 *
 * @module
 */

/** A version of the CRI. */
export type CriApi = "v1" | "v1alpha2";

/** All versions, the newest first. */
export const CRI_APIS: readonly CriApi[] = ["v1", "v1alpha2"];
