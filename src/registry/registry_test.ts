import { neverAborted } from "../base/concurrency/abort.ts";
import { AppError } from "../base/errors.ts";
import { parseReference } from "../oci/reference.ts";
import type { RegistrySettings } from "../image/registry.ts";
import { assertEquals, assertRejects, assertThrows } from "../../tests/assert.ts";
import { buildImage } from "../../tests/images/mod.ts";
import { headers, startRegistry, tooManyRequests } from "../../tests/registry/mod.ts";
import { createHosts } from "../hosts/hosts.ts";
import { openRegistry } from "../image/registry.ts";
import { openRegistryClient } from "./registry.ts";
import { TestClock } from "../http/test_clock.ts";

const never = neverAborted();

Deno.test("Repositories of one registry client share tokens, back-off and warnings", async () => {
  await using server = await startRegistry({ auth: { kind: "bearer" } });
  const image = await buildImage();
  const reference = parseReference(server.push("team/app", "v1", image).reference);
  server.fault({ kind: "manifest", times: 2 }, headers({ warning: '299 - "old"' }));
  const warnings: string[] = [];
  const clock = new TestClock();
  const client = openRegistryClient(
    { onWarning: (warning) => warnings.push(warning) },
    createHosts({}),
    clock,
  );
  try {
    await client.remote(reference).resolve(reference, never);
    await client.remote(reference).resolve(reference, never);
    assertEquals(server.requests.tokens.length, 1);
    assertEquals(warnings, ["old"]);
    server.fault({ kind: "manifest" }, tooManyRequests(30));
    await client.remote(reference).resolve(reference, never);
    assertEquals(clock.elapsed() >= 30_000, true);
  } finally {
    client.close();
  }
});

Deno.test("A remote resolves only its own repository", async () => {
  const client = openRegistry({});
  const remote = client.remote(parseReference("a/b"));
  const error = await assertRejects(() => remote.resolve(parseReference("c/d"), never), AppError);
  assertEquals(error.code, "internal");
  client.close();
});

Deno.test("openRegistryClient() refuses settings out of range", async (t) => {
  const cases: readonly RegistrySettings[] = [
    { attempts: 0 },
    { attempts: NaN },
    { maxRetryAfter: -1 },
    { stallMinRate: -1 },
    { stallWindow: 0 },
  ];
  for (const settings of cases) {
    await t.step(JSON.stringify(settings), () => {
      assertEquals(assertThrows(() => openRegistry(settings), AppError).code, "invalid_argument");
    });
  }
});
