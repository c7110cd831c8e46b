// What the web's standards give a program beyond the basics: forms, digests, messages, encodings, streams; the witness is Node.
export {};
const hex = (data: ArrayBuffer): string =>
  Array.from(new Uint8Array(data), (byte) => byte.toString(16).padStart(2, "0")).join("");
const bytes = (length: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 255);
async function show(name: string, call: () => unknown): Promise<void> {
  try {
    console.log(name, await call());
  } catch (error) {
    console.log(name, "throws", (error as Error).name);
  }
}

// Around the ends of blocks, of both sizes.
for (const algorithm of ["SHA-1", "SHA-256", "SHA-384", "sha-512"])
  for (const length of [0, 1, 55, 56, 63, 64, 65, 111, 112, 127, 128, 129, 1000])
    await show(`${algorithm} ${length}`, async () =>
      hex(await crypto.subtle.digest(algorithm, bytes(length))),
    );
await show("md5", () => crypto.subtle.digest("MD5", bytes(1)));
for (const hash of ["SHA-1", "SHA-256", "SHA-384", "SHA-512"])
  for (const length of [1, 64, 200])
    await show(`hmac ${hash} ${length}`, async () => {
      const key = await crypto.subtle.importKey("raw", bytes(length), { name: "HMAC", hash }, true, ["sign", "verify"]); // prettier-ignore
      const code = await crypto.subtle.sign("HMAC", key, bytes(99));
      const wrong = new Uint8Array(code.slice());
      wrong[3] = (wrong[3] ?? 0) ^ 1;
      const jwk = await crypto.subtle.exportKey("jwk", key);
      const again = await crypto.subtle.importKey("jwk", jwk, { name: "HMAC", hash }, false, ["verify"]);
      return [
        hex(code),
        await crypto.subtle.verify("HMAC", key, code, bytes(99)),
        await crypto.subtle.verify("HMAC", again, code, bytes(99)),
        await crypto.subtle.verify("HMAC", key, wrong, bytes(99)),
        (jwk as { k: string }).k.length,
      ];
    });
await show("a key for something else", async () => {
  const key = await crypto.subtle.importKey("raw", bytes(9), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]); // prettier-ignore
  await crypto.subtle.verify("HMAC", key, bytes(32), bytes(1));
});
await show("a key that is kept", async () => {
  const key = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  // Node 20 calls the error otherwise.
  return crypto.subtle.exportKey("raw", key).then(String, () => "stays");
});

for (const label of ["latin1", "ascii", "utf-16", "utf-16be"])
  for (const given of [[], [0x41], [0x80, 0x9f, 0xe9, 0xff], [0x3d, 0xd8, 0x88, 0xdf], [0xd8, 0x3d, 0xdf, 0x88], [0, 0xd8, 0x41, 0], [0xff, 0xfe, 0x41, 0, 0x42], [0xfe, 0xff, 0, 0x41]]) {
    // Whole latin1 is ISO 8859-1 in Node 20.
    if (label.startsWith("utf")) await show(`${label} ${given}`, () => JSON.stringify(new TextDecoder(label).decode(Uint8Array.from(given)))); // prettier-ignore
    if (label.startsWith("utf")) await show(`${label} ${given} fatal`, () => JSON.stringify(new TextDecoder(label, { fatal: true }).decode(Uint8Array.from(given)))); // prettier-ignore
    await show(`${label} ${given} in parts`, () => {
      const decoder = new TextDecoder(label);
      return JSON.stringify(given.map((byte) => decoder.decode(Uint8Array.of(byte), { stream: true })).join("") + decoder.decode()); // prettier-ignore
    });
  } // prettier-ignore
await show("no encoding", () => new TextDecoder("utf-32"));

const showForm = async (form: FormData): Promise<unknown> =>
  Promise.all(
    [...form].map(async ([name, value]) =>
      typeof value === "string"
        ? [name, value]
        : [
            name,
            value.name,
            value.type,
            value.size,
            hex(await crypto.subtle.digest("SHA-1", await value.arrayBuffer())),
          ],
    ),
  );
const form = new FormData();
form.append("a", "1");
form.append("a", "two\nlines");
form.append('q"uo\nted', "ü");
form.append("file", new File(["x", bytes(300)], "the name", { type: "Text/Plain", lastModified: 5 }));
form.append("blob", new Blob(["b"]));
form.append("named", new Blob(["b"], { type: "a/b" }), "other");
form.set("a", "3");
form.set("z", "last");
form.delete("none");
await show("form", () => [[...form.keys()], form.getAll("a"), form.get("none"), form.has("z")]);
await show("multipart", async () => {
  const request = new Request("http://h/", { method: "POST", body: form });
  const isTyped = /^multipart\/form-data; ?boundary=/.test(request.headers.get("content-type") ?? "");
  return [isTyped, await showForm(await request.formData())];
});
const multipart = (body: string, type = "multipart/form-data; boundary=b"): Promise<FormData> =>
  new Response(body, { headers: { "content-type": type } }).formData();
const part = (head: string, text: string): string => `--b\r\n${head}\r\n\r\n${text}\r\n`;
for (const body of [
  `${part('content-disposition: form-data; name="n"', "v\r\n--c")}--b--\r\n`,
  `${part('Content-Disposition: form-data; name="n"; filename="f.bin"\r\nContent-Type: a/b', "\r\n")}--b--`,
  `${part('content-disposition: form-data; name="n"', "v")}`,
  `${part("content-disposition: form-data", "v")}--b--\r\n`,
  "",
  "--b",
]) {
  await show("multipart as it is", async () => showForm(await multipart(body)));
}
await show("urlencoded", async () =>
  showForm(await new Response(new URLSearchParams("a=1&b=%C3%BC+x&a=2")).formData()),
);
await show("no form", () =>
  new Response("{}", { headers: { "content-type": "application/json" } }).formData(),
);

await show("messages", async () => {
  const { port1, port2 } = new MessageChannel();
  const seen: unknown[] = [];
  port2.postMessage({ early: new Map([[1, 2]]) });
  await new Promise<void>((resolve) => {
    port1.onmessage = (event) => {
      seen.push((event as unknown as MessageEvent).data);
      if (seen.length === 3) resolve();
    };
    const buffer = new ArrayBuffer(3);
    port2.postMessage(buffer, [buffer]);
    seen.push(buffer.byteLength);
    port2.postMessage("last");
  });
  port1.close();
  return seen.map((one) => (one instanceof ArrayBuffer ? one.byteLength : one));
});

await show("text streams", async () => {
  const text = ReadableStream.from(["a\ud83c", "\udf88b", "é\ud800"])
    .pipeThrough(new TextEncoderStream())
    .pipeThrough(new TextDecoderStream());
  const parts: string[] = [];
  for await (const each of text) parts.push(each);
  return JSON.stringify(parts.join("|"));
});
await show("sizes of chunks", () => {
  const sizes: (number | null)[] = [];
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        for (const length of [3, 4]) {
          sizes.push(controller.desiredSize);
          controller.enqueue(new Uint8Array(length));
        }
        sizes.push(controller.desiredSize);
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 10 }),
  );
  return [stream.locked, sizes];
});
await show("a pipe that is stopped", async () => {
  const stop = new AbortController();
  const told: unknown[] = [];
  const source = new ReadableStream<number>({
    pull(controller) {
      controller.enqueue(1);
      if (told.length === 2) stop.abort(new RangeError("enough"));
    },
    cancel: (reason) => void told.push((reason as Error).message),
  });
  const sink = new WritableStream<number>({
    write: (chunk) => void told.push(chunk),
    abort: (reason) => void told.push((reason as Error).name),
  });
  const outcome = await source.pipeTo(sink, { signal: stop.signal }).then(String, String);
  return [outcome, told.includes("enough"), told.includes("RangeError")];
});
await show("a pipe whose end fails", async () => {
  const told: unknown[] = [];
  const source = new ReadableStream<number>({
    pull: (controller) => controller.enqueue(1),
    cancel: (reason) => void told.push((reason as Error).message),
  });
  const sink = new WritableStream<number>({
    write() {
      throw new Error("full");
    },
  });
  return [await source.pipeTo(sink).then(String, String), told];
});
await show("using", () => {
  const order: string[] = [];
  {
    using first = { [Symbol.dispose]: () => void order.push("first") };
    using second = { [Symbol.dispose]: () => void order.push("second") };
    order.push(first === second ? "same" : "inside");
  }
  return order;
});
console.table([{ a: 1, b: "x" }, { a: true, c: null }]); // prettier-ignore
console.table([1, "two"]);
console.table({ r: { x: 1 } }, ["x"]);
console.groupCollapsed("collapsed");
console.log("inside");
console.groupEnd();

// URLs that are as they will be written, and others that are nearly.
for (const url of [
  "http://h/", "http://h", "http://h:80/", "http://h:8080/", "http://h:65535/", "http://h:08/", "http://H/", "http://1.2.3.4/", "http://01.2.3.4/", "http://1.2.3/",
  "http://256.2.3.4/", "http://1.2.3.4./", "http://a.1/", "http://h/a/../b", "http://h/./", "http://h/.a", "http://h/a.b", "http://h/a//b", "http://h/%41", "http://h/a b",
  "http://h/?a=b&c", "http://h/?a'b", "http://h/?é", "http://h/#x", "http://xn--4ca.de/x", "http://h\\a", "http://u@h/", "http://h /", "HTTP://h/", "http://a_b/", "http://h./",
]) await show(url, () => new Request(url).url); // prettier-ignore
await show("headers and signal of a request", () => {
  const init = { a: "1" };
  const request = new Request("http://h/", { headers: init });
  init.a = "2";
  request.headers.set("b", "3");
  return [
    [...request.headers],
    request.signal === request.signal,
    request.signal.aborted,
    [...request.clone().headers],
  ];
});
