// crypto.subtle: digests and HMAC. Web Cryptography 14 and 29; other algorithms are a NotSupportedError.
import { digest, hashes, hmac } from "./digest";
import { viewOf } from "./encoding";

type Data = ArrayBuffer | ArrayBufferView;
type Named = string | { readonly name: string };
type HmacParams = Named & { readonly hash?: Named; readonly length?: number };
interface Jwk {
  readonly kty?: string;
  readonly k?: string;
}

const nameOf = (algorithm: Named): string =>
  String(typeof algorithm === "string" ? algorithm : algorithm.name).toUpperCase();

const unsupported = (what: string): DOMException =>
  new DOMException(`crypto.subtle: ${what} is not there, only digests and HMAC`, "NotSupportedError");

function hashOf(algorithm: Named | undefined) {
  const name = algorithm === undefined ? "no digest" : nameOf(algorithm);
  const hash = hashes.get(name);
  if (hash === undefined) throw unsupported(name);
  return { name, hash };
}

let secretOf: (key: CryptoKey) => Uint8Array<ArrayBuffer>;
let newKey: (secret: Uint8Array<ArrayBuffer>, hash: string, isOpen: boolean, usages: readonly string[]) => CryptoKey; // prettier-ignore

export class CryptoKey {
  readonly type = "secret";
  readonly algorithm: object;
  readonly extractable: boolean;
  readonly usages: readonly string[];
  readonly #secret: Uint8Array<ArrayBuffer>;

  static {
    secretOf = (key) => key.#secret;
    newKey = (secret, hash, isOpen, usages) => {
      const algorithm = { name: "HMAC", hash: { name: hash }, length: secret.length * 8 };
      return new CryptoKey(secret, algorithm, isOpen, usages);
    };
  }

  private constructor(
    secret: Uint8Array<ArrayBuffer>,
    algorithm: object,
    extractable: boolean,
    usages: readonly string[],
  ) {
    this.#secret = secret;
    this.algorithm = algorithm;
    this.extractable = extractable;
    this.usages = usages;
  }
}

const onlyHmac = (algorithm: HmacParams): void => {
  if (nameOf(algorithm) !== "HMAC") throw unsupported(nameOf(algorithm));
};
const hmacHash = (algorithm: HmacParams) =>
  hashOf(typeof algorithm === "string" ? undefined : algorithm.hash);

const fromBase64Url = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
const toBase64Url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
declare function atob(text: string): string;
declare function btoa(text: string): string;

function mac(key: CryptoKey, usage: string, data: Data): Uint8Array<ArrayBuffer> {
  if (!key.usages.includes(usage))
    throw new DOMException(`the key is not for ${usage}`, "InvalidAccessError");
  return hmac(hmacHash(key.algorithm as HmacParams).hash, secretOf(key), viewOf(data));
}

/** Whoever has no keys to make random ones of gives them: see crypto.ts. */
export const createSubtle = (random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>) => ({
  async digest(algorithm: Named, data: Data): Promise<ArrayBuffer> {
    return digest(hashOf(algorithm).hash, viewOf(data)).buffer;
  },
  async importKey(format: string, data: Data | Jwk, algorithm: HmacParams, extractable: boolean, usages: readonly string[]): Promise<CryptoKey> {
    onlyHmac(algorithm);
    const { name } = hmacHash(algorithm);
    if (format === "jwk") {
      const { kty, k } = data as Jwk;
      if (kty !== "oct" || k === undefined) throw new DOMException("the key is not symmetric", "DataError");
      return newKey(fromBase64Url(k), name, extractable, usages);
    }
    if (format !== "raw") throw unsupported(`a key as ${format}`);
    return newKey(viewOf(data as Data).slice(), name, extractable, usages);
  },
  async exportKey(format: string, key: CryptoKey): Promise<ArrayBuffer | object> {
    if (!key.extractable) throw new DOMException("the key may not be exported", "InvalidAccessError");
    const secret = secretOf(key);
    if (format === "raw") return secret.slice().buffer;
    if (format !== "jwk") throw unsupported(`a key as ${format}`);
    const { hash } = key.algorithm as { hash: { name: string } };
    return { key_ops: [...key.usages], ext: true, kty: "oct", k: toBase64Url(secret), alg: `HS${hash.name.slice(4)}` };
  },
  async generateKey(algorithm: HmacParams, extractable: boolean, usages: readonly string[]): Promise<CryptoKey> {
    onlyHmac(algorithm);
    const { name, hash } = hmacHash(algorithm);
    const bits = typeof algorithm === "string" ? undefined : algorithm.length;
    return newKey(random(new Uint8Array(bits === undefined ? hash.blockSize : bits / 8)), name, extractable, usages);
  },
  async sign(algorithm: HmacParams, key: CryptoKey, data: Data): Promise<ArrayBuffer> {
    onlyHmac(algorithm);
    return mac(key, "sign", data).buffer;
  },
  async verify(algorithm: HmacParams, key: CryptoKey, signature: Data, data: Data): Promise<boolean> {
    onlyHmac(algorithm);
    const own = mac(key, "verify", data);
    const given = viewOf(signature);
    // As long whatever is wrong.
    return given.length === own.length && own.reduce((sum, byte, i) => sum | (byte ^ given[i]!), 0) === 0;
  },
}); // prettier-ignore
