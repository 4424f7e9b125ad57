import { assert, assertEquals } from "../../../tests/assert.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import { makeDigest } from "../../oci/digest.ts";
import { groupImages } from "./group.ts";
import { ImageLookup } from "./lookup.ts";

const digestOfDigit = (digit: string) => makeDigest("sha256", digit.repeat(64));

function record(name: string, id: string, manifest: string, target: string): ImageRecord {
  const descriptor = (digit: string) => ({
    mediaType: "application/vnd.oci.image.index.v1+json",
    digest: digestOfDigit(digit),
    size: 1,
  });
  return {
    name,
    target: descriptor(target),
    manifest: descriptor(manifest),
    scope: "one-platform",
    imageId: digestOfDigit(id),
    kind: "image",
    size: 1,
    pinned: false,
    pulledAt: 1,
    origins: [],
  };
}

const RECORDS = [
  record("a.b/c:1", "1", "2", "3"),
  record(`a.b/c@${digestOfDigit("3")}`, "1", "2", "3"),
  record("a.b/c:2", "4", "5", "3"),
  record("x.y/z:1", "1", "6", "6"),
  record("q.r/s:1", "7", "8", "3"),
  record("docker.io/library/cafe:latest", "c", "d", "d"),
];

const TEXTS = [
  "a.b/c:1",
  "a.b/c:2",
  "a.b/c:3",
  "x.y/z",
  "x.y/z:1",
  "cafe",
  "111",
  "444444",
  "11",
  "ccc",
  ...["1", "2", "3", "4", "5", "6", "7", "d"].flatMap((digit) => [
    digestOfDigit(digit),
    digit.repeat(64),
    `a.b/c@${digestOfDigit(digit)}`,
    `x.y/z@${digestOfDigit(digit)}`,
    `q.r/s@${digestOfDigit(digit)}`,
  ]),
  "not a reference",
  "https://a.b/c",
  "",
];

Deno.test("ImageLookup returns the same results with and without its index", async (t) => {
  const groups = groupImages(RECORDS);
  const indexed = new ImageLookup(groups);
  for (let i = 0; i < 10; i++) indexed.find("a.b/c:1");
  let found = 0;
  for (const text of TEXTS) {
    await t.step(`"${text}"`, () => {
      const match = new ImageLookup(groups).find(text);
      if (match !== undefined) found++;
      assertEquals(indexed.find(text), match);
      assertEquals(indexed.filter(text), new ImageLookup(groups).filter(text));
    });
  }
  assert(found > 15 && found < TEXTS.length, `${found} of ${TEXTS.length} were found`);
});

Deno.test("ImageLookup accepts a digest only in the repository whose record has it", () => {
  const lookup = new ImageLookup(groupImages(RECORDS));
  assertEquals(lookup.find(`a.b/c@${digestOfDigit("2")}`)?.record?.name, "a.b/c:1");
  assertEquals(lookup.find(`x.y/z@${digestOfDigit("6")}`)?.record?.name, "x.y/z:1");
  // Both manifests belong to the same image, but the other repository doesn't have them.
  assertEquals(lookup.find(`x.y/z@${digestOfDigit("2")}`), undefined);
  assertEquals(lookup.find(`a.b/c@${digestOfDigit("6")}`), undefined);
});

Deno.test("ImageLookup doesn't take a digest for the name of an image", () => {
  const digest = digestOfDigit("9");
  const lookup = new ImageLookup(
    groupImages([...RECORDS, record(`docker.io/library/${digest}`, "a", "b", "b")]),
  );
  for (const text of [digest, "9".repeat(64), `sha256:${"9".repeat(64)}`]) {
    assertEquals(lookup.find(text), undefined);
    assertEquals(lookup.filter(text), []);
  }
  assertEquals(lookup.find(`docker.io/library/${digest}`)?.group.summary.id, digestOfDigit("a"));
});

Deno.test("ImageLookup finds all manifests of an image id, the most recently pulled first", () => {
  const records = [record("a.b/c:1", "1", "2", "2"), { ...record("a.b/c:2", "1", "3", "3"), pulledAt: 2 }];
  const groups = groupImages(records);
  const indexed = new ImageLookup(groups);
  for (let i = 0; i < 10; i++) indexed.find("a.b/c:1");
  for (const lookup of [indexed, new ImageLookup(groups)]) {
    for (const text of [digestOfDigit("1"), "1".repeat(12)]) {
      const match = lookup.find(text);
      assertEquals(
        match?.groups.map(({ summary }) => summary.manifest.digest),
        ["3", "2"].map(digestOfDigit),
      );
      assertEquals(match?.selected.map(({ name }) => name), ["a.b/c:2", "a.b/c:1"]);
    }
    assertEquals(lookup.find("a.b/c:1")?.selected.map(({ name }) => name), ["a.b/c:1"]);
  }
});

Deno.test("ImageLookup accepts shorter id prefixes only if the caller allows them", () => {
  const lookup = new ImageLookup(groupImages(RECORDS));
  assertEquals(lookup.find("444")?.group.summary.id, digestOfDigit("4"));
  assertEquals(lookup.find("444", 12), undefined);
  assertEquals(lookup.find("4".repeat(12), 12)?.group.summary.id, digestOfDigit("4"));
});
