import { assert, assertEquals, assertStrictEquals, assertThrows } from "../../../tests/assert.ts";
import { seededRandom } from "../../../tests/random.ts";
import { IndexText } from "./index_text.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const HEAD = '{"schemaVersion":2,"manifests":[';

Deno.test("format() writes JSON with one descriptor per line, which parse() reads", () => {
  for (const count of [0, 1, 3]) {
    const manifests = Array.from({ length: count }, (_, i) => ({ digest: `sha256:${i}`, note: "é\n,]}" }));
    const content = { manifests, rest: { schemaVersion: 2, annotations: { "manifests": "[\n" } } };
    const bytes = new IndexText().format(content);
    const text = new TextDecoder().decode(bytes);
    assertEquals(JSON.parse(text), { ...content.rest, manifests });
    assertEquals(text.split("\n").length, count + 3);
    assertEquals(new IndexText().parse(bytes, "it"), content);
  }
});

Deno.test("parse() returns the same object for the same bytes, and the same descriptor for the same line", () => {
  const text = new IndexText();
  const first = text.parse(bytesOf(`${HEAD}\n{"a":1},\n{"b":2}\n]}\n`), "it");
  assertStrictEquals(text.parse(bytesOf(`${HEAD}\n{"a":1},\n{"b":2}\n]}\n`), "it"), first);
  const second = text.parse(bytesOf(`${HEAD}\n{"b":2},\n{"c":3}\n]}\n`), "it");
  assertEquals(second.manifests, [{ b: 2 }, { c: 3 }]);
  assertStrictEquals(second.manifests[0], first.manifests[1]);
});

Deno.test("parse() accepts every JSON layout of other tools", async (t) => {
  const cases: readonly [name: string, document: string][] = [
    ["on one line", `${HEAD}{"a":1}]}`],
    ["indented", JSON.stringify({ schemaVersion: 2, manifests: [{ a: 1 }] }, null, 2)],
    ["blanks inside of lines", `${HEAD}\n{ "a": 1 }\n]}\n`],
    ["manifests first", '{"manifests":[\n{"a":1}\n],"schemaVersion":2}\n'],
    ["carriage returns", `${HEAD}\r\n{"a":1}\r\n]}\r\n`],
    ["no newline at the end", `${HEAD}\n{"a":1}\n]}`],
    [
      "the key twice, the last one counts",
      `{"manifests":[{"x":9}],"schemaVersion":2,"manifests":[\n{"a":1}\n]}\n`,
    ],
  ];
  for (const [name, document] of cases) {
    await t.step(name, () => {
      const { manifests, rest } = new IndexText().parse(bytesOf(document), "it");
      assertEquals({ manifests, rest }, { manifests: [{ a: 1 }], rest: { schemaVersion: 2 } });
    });
  }
  await t.step("null for an empty list", () => {
    assertEquals(new IndexText().parse(bytesOf('{"manifests":null}'), "it").manifests, []);
  });
});

Deno.test("parse() rejects damage in any line", async (t) => {
  const cases: readonly [name: string, document: string][] = [
    ["truncated", `${HEAD}\n{"a":1},\n`],
    ["a comma too many", `${HEAD}\n{"a":1},\n]}\n`],
    ["a comma too few", `${HEAD}\n{"a":1}\n{"b":2}\n]}\n`],
    ["two descriptors on a line without a comma", `${HEAD}\n{"a":1}{"b":2}\n]}\n`],
    ["a line that isn't an object", `${HEAD}\n1\n]}\n`],
    ["trailing data", `${HEAD}\n]}\n]}\n`],
    ["invalid UTF-8", "\u{0}"],
    ["empty", ""],
  ];
  for (const [name, document] of cases) {
    await t.step(name, () => {
      const text = new IndexText();
      text.parse(bytesOf(`${HEAD}\n{"a":1},\n{"b":2}\n]}\n`), "it");
      const error = assertThrows(() => text.parse(bytesOf(document), '"x"'));
      assert(String(error).includes('"x"'), String(error));
    });
  }
});

Deno.test("lines that are no longer in the file are dropped", () => {
  const text = new IndexText();
  for (let i = 0; i < 500; i++) {
    const content = text.parse(bytesOf(`${HEAD}\n{"a":${i}}\n]}\n`), "it");
    assertEquals(content.manifests, [{ a: i }]);
  }
});

Deno.test("format() writes the current content after any sequence of changes", () => {
  const random = seededRandom();
  const text = new IndexText();
  let manifests: { readonly n: number; readonly note: string }[] = [];
  for (let step = 0; step < 400; step++) {
    const next = [...manifests];
    for (let i = random(3); i >= 0; i--) {
      const added = { n: random(1000), note: "ü,\n]}".repeat(random(3)) };
      next.splice(random(next.length + 1), random(3), ...(random(3) === 0 ? [] : [added]));
    }
    if (random(40) === 0) next.length = 0;
    if (random(40) === 0) next.reverse();
    const content = { manifests: next, rest: { schemaVersion: 2, step } };
    const bytes = text.format(content);
    assertEquals(JSON.parse(new TextDecoder().decode(bytes)), { schemaVersion: 2, step, manifests: next });
    // Parsed by the same object or by a new one.
    const read = random(2) === 0 ? text.parse(bytes.slice(), "it") : new IndexText().parse(bytes, "it");
    assertEquals(read.manifests, next);
    if (random(20) === 0) text.parse(bytesOf(JSON.stringify({ manifests: next })), "it");
    manifests = next;
  }
});
