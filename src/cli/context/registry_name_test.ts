import { AppError } from "../../base/errors.ts";
import { assertEquals, assertThrows } from "../../../tests/assert.ts";
import { parseLoginName, parseRegistryName } from "./registry_name.ts";

Deno.test("parseRegistryName() accepts hosts like docker", async (t) => {
  const cases: readonly (readonly [text: string | undefined, want: string])[] = [
    [undefined, "docker.io"],
    ["docker.io", "docker.io"],
    ["https://index.docker.io/v1/", "docker.io"],
    ["registry-1.docker.io", "docker.io"],
    ["ghcr.io", "ghcr.io"],
    ["localhost", "localhost"],
    ["localhost:5000", "localhost:5000"],
    ["http://r.example:5000/path", "r.example:5000"],
    ["[::1]:5000", "[::1]:5000"],
  ];
  for (const [text, want] of cases) {
    await t.step(text ?? "nothing", () => assertEquals(parseRegistryName(text), want));
  }
  for (const text of ["myhost", "", "a b", "https://", "a.b:port"]) {
    const message = `Cannot use registry "${text}": use HOST[:PORT]`;
    await t.step(`not "${text}"`, () => void assertThrows(() => parseRegistryName(text), AppError, message));
  }
});

Deno.test("parseLoginName() keeps the path of a namespace", async (t) => {
  const cases: readonly (readonly [text: string | undefined, registry: string, name: string])[] = [
    [undefined, "docker.io", "docker.io"],
    ["https://index.docker.io/v1/", "docker.io", "docker.io"],
    ["index.docker.io/v1/", "docker.io", "docker.io"],
    ["https://r.example/path", "r.example", "r.example"],
    ["r.example/team", "r.example", "r.example/team"],
    ["localhost:5000/a/b/", "localhost:5000", "localhost:5000/a/b"],
    ["docker.io/ann", "docker.io", "docker.io/ann"],
  ];
  for (const [text, registry, name] of cases) {
    await t.step(text ?? "nothing", () => assertEquals(parseLoginName(text), { registry, name }));
  }
  for (const text of ["r.example/UPPER", "r.example/a//b", "r.example/a:1", "r.example/a@b", "myhost/a"]) {
    await t.step(
      `not "${text}"`,
      () => void assertThrows(() => parseLoginName(text), AppError, "Cannot use "),
    );
  }
});
