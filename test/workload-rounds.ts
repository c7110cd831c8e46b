// How many rounds of a benchmark's program are enough where only its checksum is looked at.
import { sourceOf } from "../bench/guests.js";

/** Rounds that grow faster than the work, by name; a two-thousandth of the benchmark's otherwise. */
const few: Readonly<Record<string, number>> = {
  fib: 18,
  filter: 1,
  fourier: 4,
  mandelbrot: 25,
  matrix: 4000,
  particles: 50,
};

export const roundsOf = (name: string): number => {
  const rounds = Number(/workload_rounds = (\d+)/.exec(sourceOf(name))?.[1]);
  return few[name] ?? Math.ceil(rounds / 2000);
};
