/**
 * Image records for tests of a store.
 *
 * @module
 */
import type { ImageRecord } from "../../src/content/image_store.ts";
import { makeDigest } from "../../src/oci/digest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../../src/oci/media_type.ts";

/** A record of an image of one platform. */
export function recordOf(name: string, changes: Partial<ImageRecord> = {}): ImageRecord {
  const digest = (digit: string) => makeDigest("sha256", digit.repeat(64));
  return {
    name,
    target: { mediaType: OCI_INDEX, digest: digest("a"), size: 500 },
    manifest: { mediaType: OCI_MANIFEST, digest: digest("b"), size: 400 },
    scope: "one-platform",
    imageId: digest("c"),
    kind: "image",
    platform: { os: "linux", architecture: "arm64", variant: "v8" },
    size: 123_456,
    pinned: false,
    pulledAt: Date.parse("2026-01-02T03:04:05.678Z"),
    origins: ["docker.io/library/busybox", "mirror.local:5000/busybox"],
    ...changes,
  };
}

/** Records that differ in every field. */
export function variousRecords(): readonly ImageRecord[] {
  const plain = recordOf("docker.io/library/a:1");
  const artifact = { kind: "artifact", imageId: plain.manifest.digest, origins: [] } as const;
  const { platform: _, ...bare } = recordOf("ghcr.io/org/d:chart", artifact);
  return [
    plain,
    recordOf("docker.io/library/b:1", { scope: "all-platforms", pinned: true }),
    recordOf("docker.io/library/c@sha256:" + "b".repeat(64), { target: plain.manifest, size: 0 }),
    { ...bare, target: plain.manifest },
    recordOf("localhost:5000/e:latest", {
      platform: { os: "windows", architecture: "amd64", "os.version": "10.0.1", "os.features": ["win32k"] },
      scope: "all-platforms",
    }),
  ];
}
