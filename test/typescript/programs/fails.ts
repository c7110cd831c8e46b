// The lines that a trace has to name.
type Text = string;

function inner(what: Text): never {
  throw new RangeError(`cannot: ${what}`, { cause: new Error("cause") });
}

export function fail(what: Text): never {
  return inner(what);
}
