// String tables of a file that is written anew.

/** String tables anew, with what is still in use: those of sections' names and of symbols. */
export interface StringTables {
  /** The offset of `text` in the string table `index`. */
  add(index: number, text: string): number;
  /** Puts the tables into the contents. */
  store(): void;
}

export function stringTables(contents: Map<number, Uint8Array>): StringTables {
  const made = new Map<number, { texts: string[]; length: number; readonly at: Map<string, number> }>();
  return {
    add(index, text) {
      const table = made.get(index) ?? { texts: [""], length: 1, at: new Map([["", 0]]) };
      made.set(index, table);
      const known = table.at.get(text);
      if (known !== undefined) return known;
      const at = table.length;
      table.at.set(text, at);
      table.texts.push(text);
      table.length += text.length + 1;
      return at;
    },
    store() {
      for (const [index, { texts }] of made)
        contents.set(index, Buffer.from(`${texts.join("\0")}\0`, "latin1"));
    },
  };
}
