import { type StoreFactory, testContentStore } from "../../tests/contract/content_store_suite.ts";
import { testStoreMaintenance } from "../../tests/contract/maintenance_suite.ts";
import { openStore } from "./store.ts";

const open: StoreFactory = async () => {
  const root = await Deno.makeTempDir({ prefix: "dray-store-" });
  return {
    store: await openStore(root),
    reopen: () => openStore(root),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
};

testContentStore("Store", open);
testStoreMaintenance("Store", open);
