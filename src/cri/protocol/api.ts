/**
 * The versions of the CRI that are served. They have the same field numbers in all that an image service needs, so one
 * table of handlers serves both.
 *
 * @module
 */

/** A version of the CRI. */
export type CriApi = "v1" | "v1alpha2";

/** All of them, the newest first. */
export const CRI_APIS: readonly CriApi[] = ["v1", "v1alpha2"];
