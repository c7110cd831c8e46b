// As much of IndexedDB as keeping bytes by name takes, with promises. Indexed Database API 3.0. TypeScript declares it
// only together with all of a page's globals.

interface Request<T> {
  readonly result: T;
  readonly error: unknown;
  addEventListener(event: "success" | "error" | "upgradeneeded", listener: () => void): void;
}
interface Database {
  createObjectStore(name: string): unknown;
  transaction(store: string, mode: "readonly" | "readwrite"): { objectStore(name: string): ObjectStore };
  close(): void;
}
interface ObjectStore {
  get(key: string): Request<unknown>;
  getAllKeys(): Request<readonly string[]>;
  put(value: unknown, key: string): Request<unknown>;
  delete(key: string): Request<unknown>;
}
interface Factory {
  open(name: string, version: number): Request<Database>;
}

type Store = ObjectStore;

const settled = <T>(request: Request<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });

/** Does something with the one store of a database, which is made where it is not there. */
export async function withStore<T>(
  name: string,
  mode: "readonly" | "readwrite",
  use: (store: Store) => Request<T>,
): Promise<T> {
  const { indexedDB } = globalThis as unknown as { indexedDB: Factory };
  const opening = indexedDB.open(name, 1);
  opening.addEventListener("upgradeneeded", () => void opening.result.createObjectStore(name));
  const database = await settled(opening);
  try {
    return await settled(use(database.transaction(name, mode).objectStore(name)));
  } finally {
    database.close();
  }
}
