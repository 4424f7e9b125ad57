import { assertEquals } from "../../tests/assert.ts";
import { importsOf } from "./graph.ts";

Deno.test("importsOf() returns the imports of values and types, re-exports and dynamic imports", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const write = (name: string, text: string) => Deno.writeTextFile(`${directory}/${name}`, text);
    await write("deno.json", "{}");
    await write(
      "a.ts",
      'import type { B } from "./b.ts";\nexport * from "./c.ts";\n' +
        'await import("./d.ts");\nexport type A = B;\n',
    );
    await write("b.ts", "export type B = 1;\n");
    await write("c.ts", "export const c = 1;\n");
    await write("d.ts", "");
    const root = new URL(`file://${await Deno.realPath(directory)}/`);
    const edges = (await importsOf(["a.ts"], root)).get("a.ts") ?? [];
    assertEquals(edges, [{ to: "b.ts", line: 1 }, { to: "c.ts", line: 2 }, { to: "d.ts", line: 3 }]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
