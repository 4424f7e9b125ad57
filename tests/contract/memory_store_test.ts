import { MemoryStore } from "../fakes/memory_store.ts";
import { type StoreFactory, testContentStore } from "./content_store_suite.ts";
import { testStoreMaintenance } from "./maintenance_suite.ts";

const open: StoreFactory = () => {
  const store = new MemoryStore();
  return Promise.resolve({
    store,
    reopen: () => Promise.resolve(store),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
};

testContentStore("MemoryStore", open);
testStoreMaintenance("MemoryStore", open);
