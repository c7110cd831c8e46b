// The generated programs and the switcher of stacks, as unikernels to build.
import { join } from "node:path";
import { sourceFolder, type Program } from "../unikernels.js";
import { programText } from "./program.js";
import type { Shape } from "./shape.js";

const folder = "shapes";
const file = (name: string) => ({ file: join(sourceFolder(folder), name) });

export const generated = (shape: Shape, seed: number): Program => ({
  folder,
  name: `${shape.name}-${seed}`,
  parts: [file("main.c"), { text: programText(shape, seed) }],
});

/** Coroutines in C, switched in assembler. */
export const switcher: Program = { folder, name: "switcher", parts: [file("switcher.c")] };

/** An interpreter whose handlers jump to each other. */
export const computedGoto: Program = { folder, name: "computed-goto", parts: [file("computed-goto.c")] };
