// What stands for node:test where there is no Node: tests run one after the other, and say how they ended.
type Work = () => unknown;
const all: (readonly [name: string, work: Work])[] = [];

export function test(name: string, ...rest: readonly unknown[]): void {
  all.push([name, rest.at(-1) as Work]);
}

export interface Outcome {
  readonly name: string;
  readonly error?: string;
}

async function outcomeOf(name: string, work: Work): Promise<Outcome> {
  try {
    await work();
    return { name };
  } catch (error) {
    return { name, error: `${String(error)}\n${(error as Error).stack}` };
  }
}

export async function runTests(): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [name, work] of all) outcomes.push(await outcomeOf(name, work));
  return outcomes;
}
