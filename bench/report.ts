// The form of every benchmark: a suite gives rows, the runner prints them as one Markdown table.

export interface Row {
  readonly what: string;
  readonly measured: string;
  /** What was promised, and whether it was reached; absent for what is only reported. */
  readonly target?: string;
  readonly met?: boolean;
}

export interface Suite {
  readonly name: string;
  /** Why it cannot run here, or false. */
  readonly skip: string | false;
  run(): Promise<readonly Row[]>;
}

export const table = (rows: readonly Row[]): string =>
  [
    "| what | measured | target | |",
    "|---|---|---|---|",
    ...rows.map(({ what, measured, target = "", met }) => {
      const verdict = met === undefined ? "" : met ? "met" : "**missed**";
      return `| ${what} | ${measured} | ${target} | ${verdict} |`;
    }),
  ].join("\n");

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
}

export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

/** Milliseconds that `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Runs `a` and `b` in turn, so that a machine that changes its speed changes both; the times of each. */
export async function inTurn(
  rounds: number,
  a: () => unknown,
  b: () => unknown,
): Promise<{ readonly a: readonly number[]; readonly b: readonly number[] }> {
  const times = { a: [] as number[], b: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    times.a.push(await timed(a));
    times.b.push(await timed(b));
  }
  return times;
}

/** The median of the ratios of each round. */
export const ratio = ({ a, b }: { readonly a: readonly number[]; readonly b: readonly number[] }): number =>
  median(a.map((value, i) => value / (b[i] ?? Number.NaN)));
