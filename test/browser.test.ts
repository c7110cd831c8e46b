// Unikernels in a real browser: on a page's main thread, which stays responsive, and in a worker; and the documentation's
// page as it is printed, with the package's bundle. The pages are not cross-origin isolated.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { buildWorkloads } from "../bench/guests.js";
import type { PageOutcome } from "./browser-page.js";
import { translatorVersion, unstamped } from "../src/engine/portable/link/version.js";
import { nodeSockets } from "../src/host/any/sockets.js";
import { startRelay } from "../src/host/any/wisp-server.js";
import { parseAddress } from "../src/ip/index.js";
import { readUserOptions } from "../src/net/user/options.js";
import { selfTest } from "./command.js";
import { needs, needsAll } from "./needs.js";
import { projectRoot } from "./project.js";
import { build, filesFolder, needsRunners, printed, program } from "./typescript/build.js";
import { buildPrograms, programFile } from "./unikernels.js";
import { userClient } from "./user/program.js";

const profile = mkdtempSync(join(tmpdir(), "solo5-browser-"));
after(() => rmSync(profile, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 }));

const types: Readonly<Record<string, string>> = { js: "text/javascript", html: "text/html" };
const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-sync",
];
// Addresses of this host stand for themselves in offers: names of multicast DNS need a network that has it.
flags.push("--disable-features=WebRtcHideLocalIpsWithMdns");
flags.push("--disable-background-networking", "--disable-component-update", `--user-data-dir=${profile}`);

/** What stands at an address; files of the project otherwise. */
type Pages = Readonly<Record<string, string>>;

function serveFile(url: string, pages: Pages, response: ServerResponse): void {
  const path = pages[url] ?? join(projectRoot, normalize(url));
  response.setHeader("content-type", types[path.split(".").at(-1) ?? ""] ?? "application/octet-stream");
  createReadStream(path)
    .on("error", () => response.writeHead(404).end())
    .pipe(response);
}

/** Opens the page at `url` in Chromium and gives the first `count` reports of it, and what it asked for. */
async function visit<T>(
  url: string,
  count: number,
  pages: Pages = {},
): Promise<{ readonly reports: readonly T[]; readonly asked: readonly string[] }> {
  const reports: T[] = [];
  const asked: string[] = [];
  let done = (): void => {};
  const both = new Promise<void>((resolve, reject) => {
    done = resolve;
    setTimeout(
      () => reject(new Error(`the page reported ${JSON.stringify(reports)} in a minute`)),
      60_000,
    ).unref();
  });
  const server = createServer(async (request: IncomingMessage, response) => {
    const { url = "" } = request;
    if (request.method !== "POST") {
      asked.push(url);
      return serveFile(url, pages, response);
    }
    reports.push(JSON.parse(await text(request)) as T);
    response.end();
    if (reports.length === count) done();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const chromium = spawn("chromium", [...flags, `http://127.0.0.1:${port}${url}`], {
    env: { ...process.env, TMPDIR: profile },
    // A group of its own: Chromium is many processes, which all write to the profile.
    detached: true,
    stdio: "ignore",
  });
  try {
    await both;
  } finally {
    const ended = new Promise((resolve) => chromium.on("close", resolve));
    if (chromium.pid !== undefined) process.kill(-chromium.pid, "SIGKILL");
    await ended;
    server.close();
    server.closeAllConnections();
  }
  return { reports, asked };
}

test("unikernels run on a page and in a worker", { skip: needs.program("chromium") }, async (context) => {
  await buildWorkloads(["hvt"]);
  const { reports } = await visit<PageOutcome | string>("/test/browser.html", 2);
  const [page, worker] = reports;
  for (const [outcome, where] of [
    [page, "page"],
    [worker, "worker"],
  ] as const) {
    assert.ok(typeof outcome === "object", String(outcome));
    assert.equal(outcome.where, where);
    assert.match(outcome.output, /'Hello_Solo5'[^]*SUCCESS/);
    assert.equal(outcome.status, 0);
    assert.equal(outcome.lost, 0);
    assert.equal(outcome.answers > 0, where === "worker", `${outcome.answers} answers`);
    assert.equal(outcome.stopped, 137);
    assert.equal(outcome.crossOriginIsolated, false);
    assert.match(outcome.checksums[0] ?? "", /^core [0-9a-f]{16}$/);
    assert.equal(outcome.checksums[0], outcome.checksums[1]);
    if (translatorVersion !== unstamped) assert.ok(outcome.keptBytes > 10_000, String(outcome.keptBytes));
    // How smooth it was is for a reader: a test on a shared machine cannot tell.
    if (outcome.where === "page") assert.ok(outcome.frames > 0);
    const { frames, longTasks, took } = outcome;
    context.diagnostic(
      `${where}: ${took.map(Math.round).join(" and ")} ms, ${frames} frames, long tasks: [${longTasks}]`,
    );
  }
});

/** Engines with what they share, beside a page. */
const engines = Object.fromEntries(
  readdirSync(join(projectRoot, "dist/bundle"))
    .filter((file) => /^engine-.*\.js$/.test(file))
    .map((file) => [`/page/${file}`, join(projectRoot, "dist/bundle", file)]),
);

test("the documentation's page works as it is printed", { skip: needs.program("chromium") }, async () => {
  const [, page] =
    /^```html\n([^]*?)^```$/m.exec(readFileSync(join(projectRoot, "docs/api.md"), "utf8")) ?? [];
  assert.ok(page !== undefined);
  // The test's eye, behind what is printed.
  const look = `<script type="module">
    const screen = document.querySelector("pre");
    while (!screen.textContent.includes("ended with")) await new Promise((resolve) => setTimeout(resolve, 20));
    await fetch("/outcome", { method: "POST", body: JSON.stringify(screen.textContent) });
  </script>`;
  const printed = join(profile, "page.html");
  writeFileSync(printed, page + look);
  const { reports, asked } = await visit<string>("/page/", 1, {
    "/page/": printed,
    "/page/solo5.js": join(projectRoot, "dist/bundle/browser.js"),
    ...engines,
    "/page/app.hvt": selfTest("test_hello.hvt"),
  });
  assert.match(reports[0] ?? "", /Hello, World[^]*SUCCESS\n[^]*ended with 0$/);
  const own = asked.filter((url) => url !== "/favicon.ico").toSorted();
  const engine = own.filter((url) => url.startsWith("/page/engine-"));
  assert.ok(engine.includes("/page/engine-x86-64.js") && !engine.includes("/page/engine-aarch64.js"));
  assert.deepEqual(own, ["/page/", "/page/app.hvt", ...engine, "/page/solo5.js"]);
});

/** Runs a client in a page, behind `createUserNet(options)`: what it says after it has its address and that of a name. */
async function clientInPage(options: string, ...args: readonly string[]): Promise<string> {
  const page = join(profile, "network.html");
  writeFileSync(
    page,
    `<!doctype html><script type="module">
    import { attach, createUserNet, open, run } from "./solo5.js";
    const network = createUserNet(${options});
    const file = open(new Uint8Array(await (await fetch("app.hvt")).arrayBuffer()));
    const plan = attach(file, {
      memMiB: 16,
      net: { service0: { source: { kind: "device", device: network.device } } },
      args: ${JSON.stringify(["--solo5:quiet", "name=localhost", ...args])},
    });
    let text = "";
    const console = { write: (data) => (text += new TextDecoder().decode(data)) };
    const { status, message } = await run(plan, { console }).exited;
    network.close();
    await fetch("/outcome", { method: "POST", body: JSON.stringify([text, status, message ?? ""]) });
  </script>`,
  );
  const { reports } = await visit<readonly [string, number, string]>("/page/", 1, {
    "/page/": page,
    "/page/solo5.js": join(projectRoot, "dist/bundle/browser.js"),
    ...engines,
    "/page/app.hvt": programFile(userClient, "hvt"),
  });
  const [text = "", status, message] = reports[0] ?? [];
  assert.deepEqual([status, message], [0, ""], text);
  const before =
    "lease 10.0.0.2 mask 255.255.255.0 gateway 10.0.0.1 dns 10.0.0.1 mtu 1500\npong\n198.18.0.1\n";
  assert.ok(text.startsWith(before), text);
  return text.slice(before.length).trimEnd();
}

test("a unikernel in a page reaches this host by a relay", { skip: needs.program("chromium") }, async () => {
  await buildPrograms([userClient], ["hvt"]);
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (data) => socket.end(`heard ${data}`));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const token = "a-token-of-the-tests";
  const relay = await startRelay(
    {
      at: { address: parseAddress("127.0.0.1"), port: 0 },
      tokens: [token],
      origins: [],
      policy: readUserOptions({ allow: [`127.0.0.1:${port}`] }),
      connections: 1,
      streams: 8,
      bytes: Infinity,
    },
    nodeSockets(String),
    String,
  );
  const said = await clientInPage(`{ relay: "${relay.url}${token}/" }`, `tcp=198.18.0.1:${port}`);
  relay.close();
  server.close();
  assert.equal(said, "heard ping and the end");
});

test(
  "without a relay a unikernel's HTTP goes out as the page's requests",
  { skip: needs.program("chromium") },
  async () => {
    await buildPrograms([userClient], ["hvt"]);
    // Port 80 is nobody's here, and what else there is the page may not ask: a gateway's answers.
    const said = await clientInPage("{}", "get=198.18.0.1:80", "tcp=198.18.0.1:22");
    assert.match(said, /^HTTP\/1\.1 502 Bad Gateway\r\n[^]*\r\n\r\n\S[^]* and the end\nrefused$/);
  },
);

test(
  "two pages that carry texts to and fro share a segment by WebRTC",
  { skip: needs.program("chromium") },
  async () => {
    // One page of two frames: each has its own globals, and what goes between them is text.
    const inner = (work: string): string => `<!doctype html><script type="module">
    import { answerSegment, createPeer, createSegment, offerSegment } from "./solo5.js";
    const segment = createSegment();
    const heard = new Promise((resolve) => addEventListener("message", ({ data }) => resolve(data), { once: true }));
    parent.postMessage("listening", "*");
    const peer = (host) => createPeer(segment.port(), { ip: "10.0.0." + host, mac: Uint8Array.of(2, 0, 0, 0, 0, host) });
    const report = (value) => fetch("/outcome", { method: "POST", body: JSON.stringify(value) });
    try { ${work} } catch (error) { await report(String(error.stack)); }
  </script>`;
    const pages = {
      "one.html": inner(`
      const own = peer(1);
      const link = await offerSegment(segment);
      const wrong = [];
      for (const text of ["", "none", btoa("{}"), link.offer]) await link.accept(text).catch(({ code, message }) => wrong.push(code + ": " + message));
      parent.postMessage(link.offer, "*");
      await link.accept(await heard);
      await link.opened;
      const msecs = [];
      for (let i = 0; i < 20; i++) msecs.push(await own.ping("10.0.0.2"));
      await report({ wrong, lines: link.offer.split("\\n").length, answered: msecs.filter((one) => one !== undefined).length });
      link.close();`),
      "two.html": inner(`
      peer(2);
      const link = await answerSegment(segment, await heard);
      parent.postMessage(link.answer, "*");
      await link.opened;
      await link.closed;
      await report("closed");`),
      "both.html": `<!doctype html><iframe src="one.html"></iframe><iframe src="two.html"></iframe><script>
      // What is said to a frame that does not listen yet is kept for it.
      const kept = new Map([[frames[0], []], [frames[1], []]]);
      addEventListener("message", ({ data, source }) => {
        if (data === "listening") {
          for (const text of kept.get(source)) source.postMessage(text, "*");
          kept.delete(source);
          return;
        }
        const other = source === frames[0] ? frames[1] : frames[0];
        if (kept.has(other)) kept.get(other).push(data);
        else other.postMessage(data, "*");
      });
    </script>`,
    };
    const files = Object.entries(pages).map(([name, text]) => {
      writeFileSync(join(profile, name), text);
      return [`/page/${name}`, join(profile, name)] as const;
    });
    const { reports } = await visit<unknown>("/page/both.html", 2, {
      ...Object.fromEntries(files),
      "/page/solo5.js": join(projectRoot, "dist/bundle/browser.js"),
      ...engines,
    });
    const no = "NET: this text is no answer of a segment";
    assert.deepEqual(
      new Set(reports),
      new Set([{ wrong: [no, no, no, no], lines: 1, answered: 20 }, "closed"]),
    );
  },
);

test(
  "a unikernel in TypeScript runs in a page",
  { skip: needsAll(needsRunners, needs.program("chromium")) },
  async () => {
    const file = join(profile, "everywhere.hvt");
    const built = await build(
      program("everywhere"),
      "--files",
      filesFolder,
      "--env=GREETING=hello",
      "--target=hvt",
      "-o",
      file,
    );
    assert.equal(built.status, 0, built.stderr);
    const page = join(profile, "typescript.html");
    writeFileSync(
      page,
      `<!doctype html><script type="module">
    import { attach, open, run } from "./solo5.js";
    const file = open(new Uint8Array(await (await fetch("app.hvt")).arrayBuffer()));
    let text = "";
    const console = { write: (data) => (text += new TextDecoder().decode(data)) };
    const { status } = await run(attach(file, { memMiB: 64, args: ["--solo5:quiet", "one", "two"] }), { console }).exited;
    await fetch("/outcome", { method: "POST", body: JSON.stringify([text, status]) });
  </script>`,
    );
    const { reports } = await visit<unknown>("/page/", 1, {
      "/page/": page,
      "/page/solo5.js": join(projectRoot, "dist/bundle/browser.js"),
      ...engines,
      "/page/app.hvt": file,
    });
    assert.deepEqual(reports, [[printed, 1]]);
  },
);

test("segments of one origin's pages are one wire", { skip: needs.program("chromium") }, async () => {
  const page = join(profile, "wire.html");
  writeFileSync(
    page,
    `<!doctype html><script type="module">
    import { createPeer, createSegment, shareSegment } from "./solo5.js";
    const peers = [1, 2].map((host) => {
      const segment = createSegment();
      shareSegment(segment, "lan");
      return createPeer(segment.port(), { ip: "10.0.0." + host, mac: Uint8Array.of(2, 0, 0, 0, 0, host) });
    });
    const msecs = [await peers[0].ping("10.0.0.2"), await peers[1].ping("10.0.0.1")];
    await fetch("/outcome", { method: "POST", body: JSON.stringify(msecs) });
  </script>`,
  );
  const { reports } = await visit<readonly unknown[]>("/page/", 1, {
    "/page/": page,
    "/page/solo5.js": join(projectRoot, "dist/bundle/browser.js"),
    ...engines,
  });
  assert.ok(
    reports[0]?.every((msecs) => typeof msecs === "number"),
    JSON.stringify(reports),
  );
});
