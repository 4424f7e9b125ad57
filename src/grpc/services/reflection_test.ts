import { assert, assertEquals, assertStringIncludes } from "../../../tests/assert.ts";
import { concatBytes } from "../../base/bytes.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { HEALTH_FILE } from "./health_descriptor.ts";
import { unary } from "../wire/method.ts";
import { reflectionMethods } from "./reflection.ts";
import { fieldText, findText, lengthField, numberField, readFields, readMessages } from "../wire/wire.ts";

const BASE = file("base.proto", "b", [lengthField(4, [lengthField(1, "Thing")])]);
/** Imports base.proto. Contains a service, a nested enumeration, and an extension of b.Thing. */
const TOP = file("top.proto", "t", [
  lengthField(3, "base.proto"),
  lengthField(4, [
    lengthField(1, "Outer"),
    lengthField(2, [lengthField(1, "field")]),
    lengthField(4, [lengthField(1, "Color"), lengthField(2, [lengthField(1, "RED")])]),
    lengthField(3, [lengthField(1, "Inner")]),
  ]),
  lengthField(6, [lengthField(1, "T"), lengthField(2, [lengthField(1, "Do")])]),
  lengthField(7, [lengthField(1, "more"), lengthField(2, ".b.Thing"), numberField(3, 100)]),
]);

function file(name: string, scope: string, parts: Uint8Array[]): Uint8Array {
  return concatBytes([lengthField(1, name), lengthField(2, scope), ...parts]);
}

/** Sends a request and describes the response. */
async function respondTo(request: Uint8Array): Promise<string> {
  const codec = { decode: () => "", encode: () => new Uint8Array(0) };
  const table = reflectionMethods(new Map([["/t.T/Do", unary(codec, () => "")]]), [
    BASE,
    TOP,
    HEALTH_FILE,
  ]);
  const path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  const method = table.get(path);
  if (method?.kind !== "bidi_stream") return "no method";
  const call = { method: path, metadata: new Map<string, string>() };
  return describe(await method.respond(request, call, neverAborted()));
}

function describe(response: Uint8Array): string {
  for (const field of readFields(response)) {
    if (field.type !== "bytes") continue;
    if (field.number === 4) {
      return [...readMessages(field.value, 1)].map((each) => findText(each, 1)).join(" ");
    }
    if (field.number === 5) return numbersOf(field.value);
    if (field.number === 6) {
      return [...readMessages(field.value, 1)].map((each) => findText(each, 1)).join(" ");
    }
    if (field.number === 7) return `error: ${findText(field.value, 2)}`;
  }
  return "nothing";
}

function numbersOf(message: Uint8Array): string {
  return [...readFields(message)].map((field) => field.type === "varint" ? field.value : fieldText(field))
    .join(
      " ",
    );
}

Deno.test("reflection finds files by name, symbol and extension, followed by their imports", async (t) => {
  const cases: [name: string, request: Uint8Array, want: string][] = [
    ["a file", lengthField(3, "base.proto"), "base.proto"],
    ["a file with imports", lengthField(3, "top.proto"), "top.proto base.proto"],
    ["a service", lengthField(4, "t.T"), "top.proto base.proto"],
    ["a method", lengthField(4, "t.T.Do"), "top.proto base.proto"],
    ["a message", lengthField(4, "b.Thing"), "base.proto"],
    ["a field", lengthField(4, "t.Outer.field"), "top.proto base.proto"],
    ["a nested message", lengthField(4, "t.Outer.Inner"), "top.proto base.proto"],
    ["a nested enumeration", lengthField(4, "t.Outer.Color"), "top.proto base.proto"],
    ["an enumeration's value", lengthField(4, "t.Outer.RED"), "top.proto base.proto"],
    [
      "an extension",
      lengthField(5, [lengthField(1, "b.Thing"), numberField(2, 100)]),
      "top.proto base.proto",
    ],
    ["extension numbers", lengthField(6, "b.Thing"), "b.Thing 100"],
    ["health", lengthField(4, "grpc.health.v1.Health.Watch"), "grpc/health/v1/health.proto"],
    [
      "services",
      lengthField(7, "*"),
      "grpc.reflection.v1.ServerReflection grpc.reflection.v1alpha.ServerReflection t.T",
    ],
  ];
  for (const [name, request, want] of cases) {
    await t.step(name, async () => assertEquals(await respondTo(request), want));
  }
});

Deno.test("reflection responds to the last of many queries only", async () => {
  const begun = performance.now();
  const many = new Uint8Array(4_000_000);
  const services = lengthField(7, "");
  for (let at = 0; at < many.length; at += services.length) many.set(services, at);
  assertEquals(await respondTo(concatBytes([many, lengthField(3, "base.proto")])), "base.proto");
  // A response to each of them took ten times as long.
  assert(performance.now() - begun < 5000, "two million queries were answered");
});

Deno.test("reflection reports unknown files, symbols and requests", async () => {
  assertStringIncludes(await respondTo(lengthField(4, "t.No")), 'error: Cannot find "t.No"');
  assertStringIncludes(await respondTo(lengthField(3, "")), "error: Cannot find");
  assertStringIncludes(await respondTo(lengthField(5, [lengthField(1, "b.Thing")])), "error: Cannot find");
  assertStringIncludes(await respondTo(lengthField(6, "b.No")), "error: Cannot find");
  assertStringIncludes(await respondTo(new Uint8Array(0)), "error: Cannot respond");
});
