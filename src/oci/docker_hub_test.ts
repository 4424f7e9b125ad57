import { assertEquals } from "../../tests/assert.ts";
import { apiHostOf, isDockerHub } from "./docker_hub.ts";

Deno.test("isDockerHub() accepts each name of Docker Hub, in any case, and no other host", () => {
  for (const host of ["docker.io", "index.docker.io", "registry-1.docker.io", "Docker.IO"]) {
    assertEquals(isDockerHub(host), true, host);
  }
  for (const host of ["auth.docker.io", "hub.docker.com", "docker.io.evil.example", "docker.io:443", ""]) {
    assertEquals(isDockerHub(host), false, host);
  }
});

Deno.test("apiHostOf() maps docker.io only", () => {
  assertEquals(["docker.io", "ghcr.io", "index.docker.io"].map(apiHostOf), [
    "registry-1.docker.io",
    "ghcr.io",
    "index.docker.io",
  ]);
});
