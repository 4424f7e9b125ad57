import { parseDigest } from "../../oci/digest.ts";
import { assertEquals } from "../../../tests/assert.ts";
import { parseIngestName, StorePaths } from "./paths.ts";

const SHA256 = parseDigest(`sha256:${"0f".repeat(32)}`);
const SHA512 = parseDigest(`sha512:${"0f".repeat(64)}`);

Deno.test("StorePaths removes slashes at the end of the root, except from /", () => {
  for (
    const [root, want] of [["/a/b", "/a/b"], ["/a/b/", "/a/b"], ["/a//", "/a"], ["store/", "store"], [
      "/",
      "/",
    ]]
  ) {
    assertEquals(new StorePaths(root ?? "").root, want);
  }
});

Deno.test("parseIngestName() is the inverse of ingestOf()", () => {
  const paths = new StorePaths("/s");
  for (const digest of [SHA256, SHA512]) {
    for (const isReplacement of [false, true]) {
      const long = { digest, isSmall: false, isReplacement };
      const { directory } = paths.ingestOf(long);
      assertEquals(parseIngestName(directory?.slice("/s/ingest/".length) ?? ""), long);
      const small = { digest, isSmall: true, isReplacement };
      const { data, state } = paths.ingestOf(small);
      for (const path of [data, state]) {
        assertEquals(parseIngestName(path.slice("/s/ingest/".length)), small);
      }
    }
  }
  for (const name of ["", "data", "sha256-0f", `sha256:${"0f".repeat(32)}`, ".staging-1"]) {
    assertEquals(parseIngestName(name), undefined);
  }
});
