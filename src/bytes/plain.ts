// State as data: what an owner of state is, beside the memory and the descriptors that it was given, as values without behaviour.
// A file can hold them, and another process can take them back.

export type Plain =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Plain[]
  | { readonly [name: string]: Plain };

export interface Stateful<S extends Plain = Plain> {
  /** A copy of all that it is now. */
  save(): S;
  /** Makes it again what it was; `state` stays as it is, and may be taken back once more. */
  restore(state: S): void;
}

/** For an owner whose state is all in the fields of `fields`, which are plain. */
export const stateIn = (fields: object): Stateful => ({
  save: () => structuredClone({ ...fields }) as Plain,
  restore: (state) => void Object.assign(fields, structuredClone(state)),
});

/** For an owner of parts: each by its name. */
export function stateOfParts(
  parts: Readonly<Record<string, Stateful>>,
): Stateful<Readonly<Record<string, Plain>>> {
  const named = Object.entries(parts);
  return {
    save: () => Object.fromEntries(named.map(([name, part]) => [name, part.save()])),
    restore(state) {
      for (const [name, part] of named) part.restore(state[name]);
    },
  };
}

/** The same in their order. */
export const stateOfList = (parts: readonly Stateful[]): Stateful<readonly Plain[]> => ({
  save: () => parts.map((part) => part.save()),
  restore: (state) => parts.forEach((part, i) => part.restore(state[i])),
});
