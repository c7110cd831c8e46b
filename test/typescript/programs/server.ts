// HTTP, TCP and UDP as servers; and fetch, which asks who asked.
import { serve } from "solo5:http";
import { listen } from "solo5:tcp";
import { bind } from "solo5:udp";
import { resolve } from "solo5:dns";

const visits = new Map<string, number>();
const encoder = new TextEncoder();
const pause = (msecs: number): Promise<void> => new Promise((done) => setTimeout(done, msecs));

const routes: Readonly<Record<string, (request: Request, url: URL) => Response | Promise<Response>>> = {
  "/": () => new Response("hello from a unikernel\n"),
  "/echo": async (request) =>
    new Response(await request.bytes(), {
      status: 201,
      headers: { "content-type": request.headers.get("content-type") ?? "", "x-method": request.method },
    }),
  "/count": async (request) => {
    let length = 0;
    let parts = 0;
    for await (const part of request.body ?? []) {
      length += part.length;
      parts++;
    }
    return Response.json({ length, several: parts > 1 });
  },
  "/stream": () =>
    new Response(
      new ReadableStream({
        async start(controller) {
          for (let i = 0; i < 3; i++) {
            controller.enqueue(encoder.encode(`part ${i}\n`));
            await pause(2);
          }
          controller.close();
        },
      }).pipeThrough(new TransformStream<Uint8Array, Uint8Array>()),
    ),
  "/visits": (_request, url) => {
    const name = url.searchParams.get("name") ?? "nobody";
    visits.set(name, (visits.get(name) ?? 0) + 1);
    return Response.json({ name, visits: visits.get(name) }, { headers: { "set-cookie": "a=1" } });
  },
  "/fail": () => {
    throw new Error("a handler fails");
  },
  "/nothing": () => new Response(null, { status: 204 }),
  "/away": (_request, url) => Response.redirect(new URL("/visits?name=away", url), 303),
  "/fetch": async (_request, url) => {
    const response = await fetch(url.searchParams.get("from") ?? "", {
      method: "POST",
      body: "from the guest",
    });
    return new Response(`${response.status} ${response.headers.get("x-host")} ${await response.text()}`);
  },
  "/https": async () => new Response(await fetch("https://example.com/").then(String, String)),
  "/name": async () => new Response((await resolve("localhost")).includes("127.0.0.1") ? "local" : "other"),
  "/large": () => new Response(new Uint8Array(3_000_000).fill(97)),
};

serve({ port: 80, maxBodyBytes: 1_000_000, maxHeadBytes: 2000 }, async (request) => {
  const url = new URL(request.url);
  const route = routes[url.pathname];
  return route === undefined ? new Response("no such page\n", { status: 404 }) : route(request, url);
});

listen({ port: 7 }, async (connection) => {
  for await (const data of connection) await connection.write(data);
  connection.end();
});

bind({ port: 7 }, ({ data, reply }) => reply(data));
