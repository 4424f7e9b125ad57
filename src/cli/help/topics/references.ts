/**
 * `dray help references`
 *
 * @module
 */
import { heading, paragraph, terms, type TopicDocument } from "./document.ts";

/** References as users write them, with their full names. */
export const REFERENCE_EXAMPLES = [
  ["nginx", "docker.io/library/nginx:latest"],
  ["org/app:1.2", "docker.io/org/app:1.2"],
  ["ghcr.io/org/app", "ghcr.io/org/app:latest"],
  ["localhost:5000/app:1", "localhost:5000/app:1"],
  ["docker:org/app:1.2", "docker.io/org/app:1.2"],
  ["docker:24-dind", "docker.io/library/docker:24-dind"],
] as const satisfies readonly (readonly [reference: string, name: string])[];

/** Platforms that are tried in order for a requested one. */
export const PLATFORM_FALLBACKS = [
  ["linux/arm64", ["linux/arm64", "linux/arm/v8", "linux/arm/v7", "linux/arm/v6", "linux/arm/v5"]],
  ["linux/amd64/v3", ["linux/amd64/v3", "linux/amd64/v2", "linux/amd64", "linux/386"]],
] as const satisfies readonly (readonly [requested: string, tried: readonly string[]])[];

/** The contents of the topic. */
export const REFERENCES_TOPIC: TopicDocument = [
  paragraph(
    "An image reference is [REGISTRY/]REPOSITORY[:TAG][@DIGEST], with the grammar of",
    "distribution/reference. The first part is a registry if it contains a dot, a colon or an upper-case",
    "letter, or is localhost. A missing registry is docker.io, where a repository without a slash is in",
    "library/. A missing tag is latest. If a reference has a tag and a digest, the digest decides.",
  ),
  paragraph(
    "docker:NAME:TAG and docker:ORG/NAME mean Docker Hub; a NAME that starts with a registry keeps it. A",
    "reference of the form docker:TAG is a tag of the image docker.",
  ),
  terms(REFERENCE_EXAMPLES),
  heading("Ids"),
  paragraph(
    "The id of an image is the digest of its configuration. Anywhere an image name is accepted, an id works",
    "too: the full digest, the 12-digit short id, or any unambiguous prefix of at least 3 digits.",
  ),
  heading("Platforms"),
  paragraph(
    "If a reference points to an index, dray chooses the best manifest for the machine, or for --platform,",
    "by containerd's rules. These platforms are tried in order:",
  ),
  terms(PLATFORM_FALLBACKS.map(([requested, tried]) => [requested, tried.join(", ")] as const)),
  paragraph(
    "If none matches, the error lists the available platforms. A name refers to one platform, or to all",
    "with --all-platforms. Pulling another platform replaces the first; if the name already has all",
    "platforms, nothing is lost.",
  ),
];
