// Bytes as a C array.

/** As a string where that is shorter: octal escapes have three digits, so that no digit behind them is taken for theirs. */
export function dataSource(name: string, bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 64) {
    lines.push(`"${Array.from(bytes.subarray(at, at + 64), escape).join("")}"`);
  }
  const text = lines.length === 0 ? '""' : `\n${lines.join("\n")}`;
  return `const u8 ${name}[${bytes.length + 1}] = ${text};`;
}

function escape(byte: number): string {
  const char = String.fromCodePoint(byte);
  // A question mark might begin a trigraph.
  return byte >= 0x20 && byte < 0x7f && !'"\\?'.includes(char)
    ? char
    : `\\${byte.toString(8).padStart(3, "0")}`;
}
