import { assertEquals, assertThrows } from "../../tests/assert.ts";
import { seededRandom } from "../../tests/random.ts";
import { AppError } from "../base/errors.ts";
import { formatReference, parseReference, recordedNameOf } from "./reference.ts";

const HEX = "0123456789abcdef".repeat(4);
const DIGEST = `sha256:${HEX}`;
const HEX512 = HEX + HEX;

Deno.test("parseReference() adds Docker's defaults", async (t) => {
  const cases: readonly (readonly [input: string, want: string])[] = [
    ["nginx", "docker.io/library/nginx:latest"],
    ["nginx:1.27", "docker.io/library/nginx:1.27"],
    ["library/nginx", "docker.io/library/nginx:latest"],
    ["docker.io/nginx", "docker.io/library/nginx:latest"],
    ["index.docker.io/nginx", "docker.io/library/nginx:latest"],
    ["index.docker.io/a/b:c", "docker.io/a/b:c"],
    ["ruilkyu/nginx", "docker.io/ruilkyu/nginx:latest"],
    ["localhost/a", "localhost/a:latest"],
    ["localhost:5000/a/b:c", "localhost:5000/a/b:c"],
    ["ghcr.io/a/b/c:v1", "ghcr.io/a/b/c:v1"],
    ["[::1]:5000/a:b", "[::1]:5000/a:b"],
    ["[2001:db8::1]/a", "[2001:db8::1]/a:latest"],
    ["192.168.1.1:80/a", "192.168.1.1:80/a:latest"],
    ["UPPER/a", "UPPER/a:latest"],
    ["a--b/c__d/e.f_g", "docker.io/a--b/c__d/e.f_g:latest"],
    [`nginx@${DIGEST}`, `docker.io/library/nginx@${DIGEST}`],
    [`nginx:1.27@${DIGEST}`, `docker.io/library/nginx:1.27@${DIGEST}`],
    [`a.b/c@sha512:${HEX512}`, `a.b/c@sha512:${HEX512}`],
    ["docker:ruilkyu/nginx:latest", "docker.io/ruilkyu/nginx:latest"],
    ["docker:ruilkyu/nginx", "docker.io/ruilkyu/nginx:latest"],
    ["docker:nginx:1.27", "docker.io/library/nginx:1.27"],
    // Tags of the image "docker", and a registry host "docker" with a port.
    ["docker:24-dind", "docker.io/library/docker:24-dind"],
    ["docker:5000/a", "docker:5000/a:latest"],
    [`a/${"b".repeat(253)}`, `docker.io/a/${"b".repeat(253)}:latest`],
    [`a:${"t".repeat(128)}`, `docker.io/library/a:${"t".repeat(128)}`],
  ];
  for (const [input, want] of cases) {
    await t.step(input.slice(0, 80), () => assertEquals(formatReference(parseReference(input)), want));
  }
});

Deno.test("parseReference() rejects invalid references", async (t) => {
  const cases: readonly (readonly [input: string, why: string])[] = [
    ["", "empty"],
    [":tag", "repository"],
    [`@${DIGEST}`, "repository"],
    ["a b", "white space"],
    ["https://a.b/c", "remove the scheme"],
    ["docker://a.b/c", "remove the scheme"],
    [HEX, "an image id, not a name"],
    ["Nginx", "must be lower case"],
    ["docker.io/Nginx", "must be lower case"],
    ["a/b/", "repository"],
    ["a//b", "repository"],
    ["-a", "repository"],
    ["a_", "repository"],
    ["a___b", "repository"],
    ["a..b/c/d", "registry"],
    ["a:", 'tag ""'],
    ["a:.b", 'tag ".b"'],
    [`a:${"t".repeat(129)}`, "tag"],
    ["a.b:port/c", "registry"],
    ["[::1/a", "registry"],
    ["-a.b/c", "registry"],
    [`a/${"b".repeat(254)}`, "256 characters"],
    ["a@sha256:abc", 'digest "sha256:abc"'],
    [`a@sha256:${HEX.toUpperCase()}`, "digest"],
    [`a@${DIGEST}@${DIGEST}`, "digest"],
  ];
  for (const [input, why] of cases) {
    await t.step(`${input.slice(0, 60)} (${why})`, () => {
      const error = assertThrows(() => parseReference(input), AppError, why);
      assertEquals(error.code, "invalid_argument");
    });
  }
  await t.step("an unknown algorithm is unsupported", () => {
    const error = assertThrows(() => parseReference("a@blake3:00000000000000000000000000000000"), AppError);
    assertEquals(error.code, "unsupported");
  });
});

Deno.test("recordedNameOf() removes the tag if there is a digest", () => {
  assertEquals(recordedNameOf(parseReference(`nginx:1@${DIGEST}`)), `docker.io/library/nginx@${DIGEST}`);
  assertEquals(recordedNameOf(parseReference("nginx:1")), "docker.io/library/nginx:1");
});

Deno.test("parseReference() throws only AppError, and formatReference() is its inverse", () => {
  const random = seededRandom();
  const alphabet = "abz09AZ-_.:/@[] \u00e9sha256";
  for (let i = 0; i < 5000; i++) {
    const text = Array.from({ length: random(24) }, () => alphabet[random(alphabet.length)]).join("");
    try {
      const once = formatReference(parseReference(text));
      assertEquals(formatReference(parseReference(once)), once);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
  }
});
