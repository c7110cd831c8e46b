// Some of everything that takes the host: the same under every target.
import { args } from "solo5:process";
import { readTextFile } from "solo5:fs";

class Shape {
  readonly #sides: number;
  constructor(sides: number) {
    this.#sides = sides;
  }
  get sides(): number {
    return this.#sides;
  }
}
const shapes = [new Shape(3), new Shape(4)];
const total = shapes.reduce((sum, { sides }) => sum + sides, 0);
const words = "the quick brown fox".split(/\s+/u).toSorted();

console.log(total, words.join(" "), 2n ** 65n, process.env["GREETING"]);
console.log(args().join("+"));
console.log(await readTextFile("data/./text.txt"));
const before = performance.now();
setTimeout(() => {
  console.log(performance.now() - before >= 5, Date.now() > 1.7e12);
  throw new Shape(5);
}, 5);
