import { assert, assertEquals } from "../tests/assert.ts";
import config from "../deno.json" with { type: "json" };
import { COMMANDS } from "../src/cli/commands.ts";
import { type Grants, permissionSetOf, type Scope } from "../src/cli/permissions/grants.ts";
import { kindsOf, needsOf } from "../src/cli/permissions/kinds.ts";
import { findCommand } from "../src/cli/table/types.ts";
import { PERMISSION_SETS } from "./permission_sets.ts";

Deno.test("the permission sets of deno.json are generated from permission_sets.ts", async (t) => {
  const written: Readonly<Record<string, unknown>> = config.permissions;
  assertEquals(Object.keys(written), Object.keys(PERMISSION_SETS));
  for (const [name, grants] of Object.entries(PERMISSION_SETS)) {
    await t.step(name, () => assertEquals(written[name], permissionSetOf(grants)));
  }
});

/** The commands that each set is for, with the options that they may have. */
const USERS: Readonly<
  Record<keyof typeof PERMISSION_SETS, readonly (readonly [command: string, option?: string])[]>
> = {
  read: [["images"], ["inspect"], ["df"], ["digest"], ["verify"], ["diff"], ["mount-options"]],
  pull: [["pull"], ["digest", "remote"], ["tags"], ["tag"], ["rm"], ["gc"], ["verify", "repair"], ["import"]],
  serve: [["serve"], ["progress"]],
  unpack: [["unpack"], ["mount-options", "unpack"]],
};

Deno.test("each permission set has the kinds of permissions that its commands need", async (t) => {
  for (const [set, users] of Object.entries(USERS)) {
    const grants: Grants = PERMISSION_SETS[set as keyof typeof PERMISSION_SETS];
    for (const [command, option] of users) {
      await t.step(`${set}: ${command} ${option ?? ""}`, () => {
        const spec = findCommand(COMMANDS, command);
        assert(spec !== undefined);
        const needs = needsOf(spec, option === undefined ? {} : { [option]: true });
        // Without the permissions for it, a repair removes a damaged layer instead of unpacking it again.
        const required = [...needs].filter((need) => need !== "unpack-again");
        for (const kind of kindsOf(required)) {
          if (kind in grants) assert(!isNothing(grants[kind as keyof Grants]), `${set} lacks ${kind}`);
        }
      });
    }
  }
});

Deno.test("no permission set has more than its job", () => {
  const { read, pull, serve, unpack } = PERMISSION_SETS;
  for (const set of [read, pull, serve]) assertEquals(set.ffi, []);
  for (const set of [read, unpack]) assertEquals(set.net, []);
  for (const set of [read, unpack, serve]) assertEquals(set.run, []);
  assertEquals(read.write, []);
  for (const set of Object.values(PERMISSION_SETS)) {
    assert(set.run !== "all" && set.run.every((path) => /\/docker-credential-[a-z-]+$/.test(path)));
    assert(set.env !== "all" && set.sys !== "all");
  }
  assert(pull.read !== "all" && pull.write !== "all" && pull.net !== "all");
});

function isNothing(scope: Scope): boolean {
  return scope.length === 0;
}
