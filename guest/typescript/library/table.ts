// console.table: rows and columns in boxes, as Node draws them.
import { console } from "./console";
import { inspect } from "./inspect";

function showTable(data: object, columns?: readonly string[]): string {
  const isMap = data instanceof Map;
  const rows: readonly (readonly [unknown, unknown])[] = isMap
    ? [...data].map(([key, value], i) => [i, { Key: key as unknown, Values: value as unknown }])
    : data instanceof Set
      ? [...data].map((value, i) => [i, value])
      : Object.entries(data);
  const index = isMap || data instanceof Set ? "(iteration index)" : "(index)";
  const isPlain = (value: unknown): boolean => typeof value !== "object" || value === null;
  const keys = columns ?? [
    ...new Set(rows.flatMap(([, value]) => (isPlain(value) ? [] : Object.keys(value as object)))),
  ];
  const hasValues = columns === undefined && rows.some(([, value]) => isPlain(value));
  const head = [index, ...keys, ...(hasValues ? ["Values"] : [])];
  const cells = rows.map(([key, value]) => {
    const found = isPlain(value) ? {} : (value as Record<string, unknown>);
    const own = keys.map((name) => (Object.hasOwn(found, name) ? inspect(found[name], 0) : ""));
    return [String(key), ...own, ...(hasValues ? [isPlain(value) ? inspect(value, 0) : ""] : [])];
  });
  const widths = head.map((_, i) => Math.max(...[head, ...cells].map((row) => (row[i] ?? "").length)) + 2);
  const line = (row: readonly string[]): string =>
    `│${row.map((cell, i) => ` ${cell}`.padEnd(widths[i] ?? 0)).join("│")}│`;
  const rule = ([left, middle, right]: string): string =>
    `${left}${widths.map((width) => "─".repeat(width)).join(middle)}${right}`;
  return [rule("┌┬┐"), line(head), rule("├┼┤"), ...cells.map(line), rule("└┴┘")].join("\n");
}

export const table = (value: unknown, columns?: readonly string[]): void =>
  console.log(typeof value === "object" && value !== null ? showTable(value, columns) : value);
