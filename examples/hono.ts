// A framework as npm has it: npm install hono && npx solo5 dev hono.ts
import { Hono } from "hono";
import { serve } from "solo5:http";

const app = new Hono();
app.get("/", (context) => context.text("hello from hono in a unikernel\n"));
app.get("/users/:name", (context) =>
  context.json({ name: context.req.param("name"), query: context.req.query("q") ?? null }),
);
app.post("/echo", async (context) => context.json(await context.req.json()));

serve({ port: 80 }, (request) => app.fetch(request));
