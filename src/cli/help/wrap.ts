// Text in lines of a terminal's width.

export const width = 80;

/** `text` in lines of at most `columns`; every line begins with `indent`. Words are never broken. */
export function wrap(text: string, columns = width, indent = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && indent.length + line.length + 1 + word.length > columns) {
      lines.push(indent + line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, indent + line].map((one) => `${one}\n`).join("");
}

/** A term and what it means behind it, or in the next line where the term is long. */
export function definition(term: string, meaning: string, column: number): string {
  const indent = " ".repeat(column);
  const text = wrap(meaning, width, indent);
  return term.length + 2 > column ? `${term}\n${text}` : `${term.padEnd(column)}${text.slice(column)}`;
}
