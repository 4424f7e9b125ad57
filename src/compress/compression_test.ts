import { assertEquals } from "../../tests/assert.ts";
import { compressionOf, compressionOfMediaType } from "./compression.ts";

Deno.test("compressionOf() detects formats by their magic", () => {
  const cases: readonly [readonly number[], string][] = [
    [[0x1f, 0x8b, 8, 0], "gzip"],
    [[0x28, 0xb5, 0x2f, 0xfd], "zstd"],
    [[0x50, 0x2a, 0x4d, 0x18], "zstd"],
    [[0x5f, 0x2a, 0x4d, 0x18], "zstd"],
    [[0x60, 0x2a, 0x4d, 0x18], "none"],
    [[0x75, 0x73, 0x72, 0x2f], "none"],
    [[0x1f], "none"],
    [[], "none"],
  ];
  for (const [head, want] of cases) assertEquals(compressionOf(Uint8Array.from(head)), want);
});

Deno.test("compressionOfMediaType() accepts OCI and Docker layers without further suffixes", () => {
  const cases: readonly [string, string | undefined][] = [
    ["application/vnd.oci.image.layer.v1.tar", "none"],
    ["application/vnd.oci.image.layer.v1.tar+gzip", "gzip"],
    ["application/vnd.oci.image.layer.v1.tar+zstd", "zstd"],
    ["application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "gzip"],
    ["application/vnd.docker.image.rootfs.diff.tar.gzip", "gzip"],
    ["application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "gzip"],
    ["application/vnd.docker.image.rootfs.diff.tar", "none"],
    ["application/vnd.oci.image.layer.v1.tar+gzip+encrypted", undefined],
    ["application/wasm", undefined],
  ];
  for (const [mediaType, want] of cases) assertEquals(compressionOfMediaType(mediaType), want);
});
