import { assertEquals } from "../../../tests/assert.ts";
import { DynamicTable } from "./dynamic_table.ts";
import type { HeaderField } from "./static_table.ts";

Deno.test("DynamicTable evicts the oldest entries, and all for an entry larger than the table", () => {
  const table = new DynamicTable(100);
  const field = (name: string): HeaderField => [name, "1234567"];
  for (const name of ["a", "b", "c"]) table.add(field(name));
  assertEquals([table.get(0)?.[0], table.get(1)?.[0], table.get(2)], ["c", "b", undefined]);
  table.add(["x", "y".repeat(100)]);
  assertEquals(table.get(0), undefined);
  for (let i = 0; i < 500; i++) table.add(field("d"));
  table.add(field("e"));
  assertEquals([table.get(0)?.[0], table.get(1)?.[0], table.get(2)], ["e", "d", undefined]);
});
