import { assertEquals } from "../../tests/assert.ts";
import { credentialLocations, searchOrderOf } from "./locations.ts";

const ENVIRONMENTS: [what: string, env: Record<string, string>, home: string | undefined, want: string[]][] =
  [
    ["only a home directory", {}, "/home/u", [
      "/home/u/.docker/config.json",
      "/home/u/.config/containers/auth.json",
    ]],
    ["no home directory", {}, undefined, []],
    [
      "empty variables",
      { DOCKER_CONFIG: "", REGISTRY_AUTH_FILE: "", XDG_RUNTIME_DIR: "" },
      "/home/u",
      [
        "/home/u/.docker/config.json",
        "/home/u/.config/containers/auth.json",
      ],
    ],
    ["XDG directories", { XDG_RUNTIME_DIR: "/run/user/1", XDG_CONFIG_HOME: "/conf/" }, "/home/u", [
      "/home/u/.docker/config.json",
      "/run/user/1/containers/auth.json",
      "/conf/containers/auth.json",
    ]],
    ["relative XDG directories", { XDG_RUNTIME_DIR: "run", XDG_CONFIG_HOME: "conf" }, "/home/u", [
      "/home/u/.docker/config.json",
      "/home/u/.config/containers/auth.json",
    ]],
    ["DOCKER_CONFIG", { DOCKER_CONFIG: "/ci" }, undefined, ["/ci/config.json named"]],
    [
      "REGISTRY_AUTH_FILE, first and instead of podman's other files",
      {
        REGISTRY_AUTH_FILE: "/ci/auth.json",
        XDG_RUNTIME_DIR: "/run/user/1",
      },
      "/home/u",
      ["/ci/auth.json named", "/home/u/.docker/config.json"],
    ],
  ];

Deno.test("credentialLocations() searches the files of docker and podman in order", async (t) => {
  for (const [what, env, home, want] of ENVIRONMENTS) {
    await t.step(what, () => {
      const files = searchOrderOf(credentialLocations((name) => env[name], home));
      assertEquals(files.map(({ path, named }) => named ? `${path} named` : path), want);
    });
  }
});
