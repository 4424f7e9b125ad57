import { assert, assertEquals, assertThrows } from "../../../tests/assert.ts";
import { AppError, type ErrorCode } from "../../base/errors.ts";
import { StatusCode } from "../../grpc/wire/status.ts";
import { criStatusOf, pullName } from "./errors.ts";

Deno.test("each error has the code that clients expect", async (t) => {
  const cases: readonly [ErrorCode, number][] = [
    ["invalid_argument", StatusCode.invalidArgument],
    ["not_found", StatusCode.notFound],
    ["unauthorized", StatusCode.unauthenticated],
    ["forbidden", StatusCode.permissionDenied],
    ["rate_limited", StatusCode.resourceExhausted],
    ["network", StatusCode.unknown],
    ["stalled", StatusCode.deadlineExceeded],
    ["digest_mismatch", StatusCode.dataLoss],
    ["size_mismatch", StatusCode.dataLoss],
    ["no_space", StatusCode.resourceExhausted],
    ["cancelled", StatusCode.cancelled],
    ["deadline_exceeded", StatusCode.deadlineExceeded],
  ];
  for (const [code, status] of cases) {
    await t.step(code, () => assertEquals(criStatusOf(new AppError(code, "x")).code, status));
  }
});

Deno.test("an error in a file of the server's configuration is its failed precondition", () => {
  const details = { configFile: "/etc/containerd/certs.d/a.b/hosts.toml" };
  for (const code of ["invalid_content", "unsupported"] as const) {
    const error = new AppError(code, "Cannot use it", { details });
    assertEquals(criStatusOf(error), { code: StatusCode.failedPrecondition, message: "Cannot use it" });
  }
  // The same code for content of the registry.
  assertEquals(criStatusOf(new AppError("invalid_content", "x")).code, StatusCode.dataLoss);
});

Deno.test("only the message for an unreachable registry has the prefix that a kubelet recognises", () => {
  assertEquals(
    criStatusOf(new AppError("network", "Cannot reach it")).message,
    "RegistryUnavailable: Cannot reach it",
  );
  assertEquals(criStatusOf(new AppError("not_found", "None")).message, "None");
  assertEquals(criStatusOf(new Error("token=secret")).message.includes("secret"), false);
});

Deno.test("pullName() adds defaults, and its errors don't show the password of a URL", () => {
  assertEquals(pullName("nginx"), "docker.io/library/nginx:latest");
  assertEquals(pullName("docker:ruilkyu/nginx:latest"), "docker.io/ruilkyu/nginx:latest");
  const error = String(assertThrows(() => pullName("https://ann:s3cret@host/app")));
  assert(error.includes("failed to parse image reference"), error);
  assert(!error.includes("s3cret"), error);
  assert(String(assertThrows(() => pullName(""))).includes("no image specified"));
});
