// Stack traces in the lines of the source: the bundle's source map, read when the first is shown. ECMA-426.

interface SourceMap {
  readonly sources: readonly string[];
  readonly mappings: string;
}

let map: SourceMap | undefined;
/** Lines and columns of the bundle that are in front of what the map maps. */
let skippedLines = 0;

export function useSourceMap(text: string, lines: number): void {
  map = JSON.parse(text) as SourceMap;
  skippedLines = lines;
}

type Segment = readonly [column: number, source: number, line: number, sourceColumn: number];
let decoded: readonly (readonly Segment[])[] | undefined;

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function decode(mappings: string): readonly (readonly Segment[])[] {
  let source = 0;
  let line = 0;
  let sourceColumn = 0;
  return mappings.split(";").map((text) => {
    let column = 0;
    return text.split(",").flatMap((segment): Segment[] => {
      const values: number[] = [];
      let value = 0;
      let shift = 0;
      for (const char of segment) {
        const digit = digits.indexOf(char);
        value |= (digit & 31) << shift;
        shift += 5;
        if (digit < 32) {
          values.push(value & 1 ? -(value >>> 1) : value >>> 1);
          value = shift = 0;
        }
      }
      const [a = 0, b = 0, c = 0, d = 0] = values;
      column += a;
      if (values.length < 4) return [];
      source += b;
      line += c;
      sourceColumn += d;
      return [[column, source, line, sourceColumn]];
    });
  });
}

/** The name that the program's bundle has in traces. */
export const bundleName = "<program>";

/** A trace with places of the bundle replaced by those of the source, and without the library's own calls. */
export function mapTrace(trace: string): string {
  const { sources = [], mappings = "" } = map ?? {};
  return trace
    .replaceAll(/\n *at next \(native\)(?=\n[^\n]*<null>)/g, "")
    .split("\n")
    .filter((line) => !/[ (]<(solo5|null)>/.test(line) && line.trim() !== "at native")
    .map((line) =>
      line.replaceAll(/<program>:(\d+):(\d+)/g, (place, row: string, column: string) => {
        decoded ??= decode(mappings);
        const segments = decoded[Number(row) - 1 - skippedLines] ?? [];
        const found = segments.findLast(([start]) => start < Number(column)) ?? segments[0];
        if (found === undefined) return place;
        return `${sources[found[1]]}:${found[2] + 1}:${found[3] + 1}`;
      }),
    )
    .join("\n");
}
