// Routes, JSON and a page: npx solo5 dev server.ts, then http://127.0.0.1:8080
import { serve } from "solo5:http";

interface Note {
  readonly id: number;
  readonly text: string;
}
const notes: Note[] = [{ id: 1, text: "the first" }];

const routes: Readonly<Record<string, (request: Request) => Response | Promise<Response>>> = {
  "GET /": () =>
    new Response("<!doctype html><title>Notes</title><h1>Notes of a unikernel</h1>", {
      headers: { "content-type": "text/html; charset=utf-8" },
    }),
  "GET /notes": () => Response.json(notes),
  "POST /notes": async (request) => {
    const { text } = (await request.json()) as { text?: unknown };
    if (typeof text !== "string" || text === "")
      return Response.json({ error: "text is missing" }, { status: 422 });
    const note = { id: notes.length + 1, text };
    notes.push(note);
    return Response.json(note, { status: 201 });
  },
};

serve({ port: 80 }, async (request) => {
  const { pathname } = new URL(request.url);
  const route = routes[`${request.method} ${pathname}`];
  if (route === undefined) return Response.json({ error: "there is no such page" }, { status: 404 });
  try {
    return await route(request);
  } catch (error) {
    if (error instanceof SyntaxError)
      return Response.json({ error: "the body is not JSON" }, { status: 400 });
    throw error;
  }
});
