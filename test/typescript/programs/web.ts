// What the web's standards give a program; the witness is Node.
const show = (name: string, call: () => unknown): void => {
  try {
    console.log(name, call());
  } catch (error) {
    const { name: kind, message } = error as Error;
    console.log(name, "throws", kind, kind === "TypeError" ? "" : message.length > 0);
  }
};

const encoder = new TextEncoder();
const samples = ["", "a", "grüße", "漢字 🎈", "a\0b", "\ud800", "x\udc00y", "🎈".repeat(50)];
for (const text of samples) show("encode", () => Array.from(encoder.encode(text)).join());
show("encodeInto", () => {
  const into = new Uint8Array(6);
  return [encoder.encodeInto("aé漢x", into), Array.from(into)];
});
const broken = [
  [0xff], [0xc0, 0x80], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf0, 0x9f, 0x8e], [0xe6, 0xbc],
  [0x61, 0xe6, 0x62], [0xf0, 0x9f, 0x41], [0xef, 0xbb, 0xbf, 0x41], [0x41, 0, 0x42], [0xc3], [0x80, 0x80],
]; // prettier-ignore
for (const bytes of broken) {
  show("decode", () => JSON.stringify(new TextDecoder().decode(Uint8Array.from(bytes))));
  show("decode fatal", () => new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(bytes)).length);
}
show("decode in parts", () => {
  const decoder = new TextDecoder();
  const bytes = encoder.encode("a漢🎈é");
  let text = "";
  for (const byte of bytes) text += decoder.decode(Uint8Array.of(byte), { stream: true });
  return text + decoder.decode();
});
show("decode latin1", () => typeof new TextDecoder("utf8").decode(new ArrayBuffer(2)));

for (const text of ["", "f", "fo", "foo", "\xff\x00\x80", "é€"]) show("btoa", () => btoa(text));
for (const text of ["", "Zg==", "Zm8=", "Zm9v", " Zm 9v\n", "Zg", "Zg=", "Z", "Zm9v=", "Z?=="]) {
  show("atob", () => JSON.stringify(atob(text)));
}

const urls = [
  "http://example.com", "HTTP://User:Pa%20ss@EXAMPLE.com:80/a/./b/../c?q=1&q=2#frag", "https://example.com:8443/%7Efoo/é?x=ü y#z z",
  "http://1.2.3.4/", "http://0x7f.1/", "http://[::1]:8080/x", "http://[2001:db8:0:0:1:0:0:1]/", "http://256.1.1.1/", "file:///etc/../passwd",
  "mailto:a@b.c", "data:text/plain,hello world", "http://a b/", "http:example.com", "//x", "http://ex%41mple.com/", "ws://h:80/", "wss://h:443/x",
  "http://h/a\\b", "http://h:99999/", "custom://Host/Path?q#h", "http://h/%2e%2e/x/%2E/y", "", "http://", "blob:x",
]; // prettier-ignore
for (const text of urls) {
  show(`url ${text}`, () => {
    const { href, origin, protocol, username, password, host, hostname, port, pathname, search, hash } =
      new URL(text);
    return [href, origin, protocol, username, password, host, hostname, port, pathname, search, hash].join(
      " | ",
    );
  });
}
for (const [text, base] of [
  ["x", "http://h/a/b"], ["../x", "http://h/a/b/c"], ["/x", "http://h/a"], ["?q", "http://h/a?b#c"], ["#f", "http://h/a?b#c"],
  ["//other/x", "https://h/a"], ["", "http://h/a?b#c"], ["https:x", "http://h/a"], ["http:x", "http://h/a/b"], ["x", "mailto:a"], ["..", "file:///a/b/c"],
] as const) show(`url ${text} on ${base}`, () => new URL(text, base).href); // prettier-ignore
show("url set", () => {
  const url = new URL("http://h:1/a?b=c#d");
  url.port = "80";
  url.host = "i:81";
  url.pathname = "x y";
  url.search = "q=ä";
  url.hash = "";
  url.searchParams.append("r", "1 2&3");
  url.username = "me:";
  url.protocol = "https";
  return url.href;
});
show("params", () => {
  const params = new URLSearchParams("?a=1&b=2&a=3&c=%zz+x&d");
  params.set("b", "é");
  params.delete("d");
  params.sort();
  return [
    String(params),
    params.getAll("a"),
    params.get("c"),
    params.has("a", "3"),
    params.size,
    [...params.keys()],
  ];
});
show(
  "params of",
  () => String(new URLSearchParams({ a: "~!*()'", b: "+/=" })) + new URLSearchParams([["x", "y"]]),
);

show("clone", () => {
  const shared = { date: new Date(5), list: [1, , 3], map: new Map([["k", new Set([1n])]]), re: /x/gi }; // eslint-disable-line no-sparse-arrays
  const value: Record<string, unknown> = {
    shared,
    again: shared,
    bytes: Uint8Array.of(1, 2),
    error: new RangeError("no"),
  };
  value["self"] = value;
  const copy = structuredClone(value);
  return [
    copy !== value, copy["self"] === copy, copy["again"] === copy["shared"], (copy["error"] as Error).name,
    (copy["shared"] as typeof shared).map.get("k")?.has(1n), (copy["bytes"] as Uint8Array).join(), (copy["shared"] as typeof shared).re.flags,
  ]; // prettier-ignore
});
show("clone of a function", () => structuredClone(() => 1));
show("clone with transfer", () => {
  const buffer = new ArrayBuffer(4);
  const copy = structuredClone({ buffer }, { transfer: [buffer] });
  return [buffer.byteLength, copy.buffer.byteLength];
});

show("abort", () => {
  const controller = new AbortController();
  const seen: unknown[] = [];
  controller.signal.addEventListener("abort", () => seen.push("listener"), { once: true });
  controller.signal.onabort = () => seen.push("handler");
  controller.abort();
  controller.abort("again");
  seen.push(controller.signal.aborted, (controller.signal.reason as Error).name);
  return seen;
});
show("abort any", () => AbortSignal.any([AbortSignal.abort("why"), new AbortController().signal]).reason);
show("throwIfAborted", () => AbortSignal.abort().throwIfAborted());
show("events", () => {
  const target = new EventTarget();
  const seen: string[] = [];
  target.addEventListener("x", { handleEvent: (event) => seen.push(`object ${event.type}`) });
  target.addEventListener("x", (event) => event.preventDefault());
  target.addEventListener("y", (event) => seen.push(String((event as CustomEvent).detail)));
  const kept = target.dispatchEvent(new Event("x", { cancelable: true }));
  target.dispatchEvent(new CustomEvent("y", { detail: 7 }));
  return [kept, seen];
});
show("uuid", () =>
  /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(crypto.randomUUID()),
);
show("random values of floats", () => crypto.getRandomValues(new Float32Array(1) as unknown as Uint8Array));
show("random", () => Array.from({ length: 1000 }, Math.random).every((value) => value >= 0 && value < 1));
show("now", () => performance.now() >= 0 && Math.abs(performance.timeOrigin - Date.now()) < 60_000);

console.log("%s is %d years and %i, %f, %j %%", "Bob", 42.5, 42.9, "1.5", { a: 1 }, "more", { b: [] });
console.log([1, "a", null, undefined, true, 1n, Symbol("s"), -0], {
  a: { b: { c: { d: 1 } } },
  "x-y": 1,
  f() {},
  g: class G {},
});
console.log(
  new Map<unknown, unknown>([
    [1, { a: 2 }],
    ["k", [3]],
  ]),
  new Set(["x"]),
  new Uint8Array(3),
  [],
  {},
  [[]],
  [{}],
);
console.log(
  new (class Point {
    x = 1;
    y = "it's";
  })(),
  Object.create(null),
  [undefined, , 3].length,
  "text",
  ["text"],
); // eslint-disable-line
console.log(new Date(0), /re/g, Symbol.iterator, null, undefined, NaN, 1e21, 123456789012345678901234567890n);
console.group("group");
console.log("inside\ntwo lines");
console.group();
console.info("deeper");
console.groupEnd();
console.groupEnd();
console.count();
console.count();
console.assert(true, "not shown");

const order: string[] = [];
const note = (what: string) => () => void order.push(what);
setTimeout(note("20"), 20);
setTimeout(note("0"), 0);
setTimeout(note("10"), 10);
const cleared = setTimeout(note("never"), 5);
clearTimeout(cleared);
queueMicrotask(note("microtask"));
void Promise.resolve().then(note("then")).then(note("then then"));
let times = 0;
const interval = setInterval(() => {
  order.push(`interval ${++times}`);
  if (times < 3) return;
  clearInterval(interval);
  // However long a busy machine takes for it.
  setTimeout(last, 24);
}, 12);
setTimeout((a: number, b: string) => order.push(`args ${a}${b}`), 1, 1, "b");
const last = async (): Promise<void> => {
  await null;
  const blob = new Blob(["a", Uint8Array.of(98), new Blob(["c"])], { type: "Text/Plain" });
  console.log(blob.size, blob.type, await blob.text(), await blob.slice(1, 2).text());
  console.log(order.filter((what) => !/^(interval|1|args)/.test(what)).join(", "), times);
};
order.push("sync");
