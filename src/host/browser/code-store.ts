// Where translated code is kept between visits of a page: in IndexedDB, which only scripts of the same origin can write.
// Nothing that goes wrong here is an error: the code is translated again.
import { hexText } from "../../bytes/hex.js";
import { translatorVersion, unstamped } from "../../engine/portable/link/version.js";
import type { CodeCacheEntry } from "../../tender/code-cache.js";
import { withStore } from "./indexed-db.js";

const DATABASE = "solo5-code";
/** So many unikernels, the one that was kept first going first. */
const MAX_KEPT = 16;

/** As much of Web Cryptography as naming takes: there only in secure contexts. */
interface Digester {
  digest(name: "SHA-256", data: Uint8Array): Promise<ArrayBuffer>;
}

/** What is kept for a unikernel with so much memory; undefined where nothing can be. */
export async function codeCacheOf(
  unikernel: Uint8Array,
  memoryBytes: number,
): Promise<CodeCacheEntry | undefined> {
  const { crypto } = globalThis as unknown as { crypto?: { subtle?: Digester } };
  if (translatorVersion === unstamped || !("indexedDB" in globalThis) || crypto?.subtle === undefined)
    return undefined;
  try {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", unikernel));
    const hex = hexText(hash);
    const name = `${translatorVersion} plain ${memoryBytes} ${hex}`;
    const found = await withStore(DATABASE, "readonly", (store) => store.get(name));
    return {
      bytes: found instanceof Uint8Array ? found : undefined,
      save: (bytes) => save(name, bytes).catch(() => {}),
    };
  } catch {
    return undefined;
  }
}

async function save(name: string, bytes: Uint8Array): Promise<void> {
  const names = await withStore(DATABASE, "readonly", (store) => store.getAllKeys());
  // Those of other versions are of no use any more.
  const old = names.filter((one) => !one.startsWith(`${translatorVersion} `));
  const others = names.filter((one) => !old.includes(one) && one !== name);
  for (const gone of [...old, ...others.slice(0, Math.max(0, others.length - MAX_KEPT + 1))]) {
    await withStore(DATABASE, "readwrite", (store) => store.delete(gone));
  }
  await withStore(DATABASE, "readwrite", (store) => store.put(bytes, name));
}
