// How results of self-tests are told: as a table for people, as TAP (testanything.org, version 13, which every harness knows), as JUnit's XML. Each has what is
// printed before, for each result, and after.
import type { SelfTestResult } from "./run.js";

export interface SelfTestReport {
  before(count: number): string;
  each(result: SelfTestResult, number: number): string;
  after(results: readonly SelfTestResult[]): string;
}

const seconds = ({ msecs }: SelfTestResult): string => (msecs / 1000).toFixed(2);
const count = (results: readonly SelfTestResult[], key: "fault" | "skipped"): number =>
  results.filter((one) => one[key] !== undefined).length;

const indented = (text: string): string =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}\n`)
    .join("");

const table: SelfTestReport = {
  before: () => "",
  each(result) {
    const { target, name, engine, fault, skipped } = result;
    const state = fault !== undefined ? "FAILED" : skipped !== undefined ? "skipped" : "ok";
    const more = fault?.reason ?? skipped ?? `${seconds(result)} s`;
    const head = `${state.padEnd(8)}${target.padEnd(8)}${engine.padEnd(8)}${name}: ${more}\n`;
    return fault === undefined ? head : `${head}${indented(fault.text)}`;
  },
  after(results) {
    const [failed, skipped] = [count(results, "fault"), count(results, "skipped")];
    return `${results.length - failed - skipped} passed, ${failed} failed, ${skipped} skipped\n`;
  },
};

/** A `#` in a description begins a directive. */
const tapText = (text: string): string => text.replaceAll(/[\\#]/g, "\\$&").replaceAll(/\s+/g, " ");

const tap: SelfTestReport = {
  before: (total) => `TAP version 13\n1..${total}\n`,
  each({ target, name, engine, fault, skipped }, number) {
    const line = `${fault === undefined ? "ok" : "not ok"} ${number} - ${tapText(`${target} ${name} (${engine})`)}`;
    if (skipped !== undefined) return `${line} # SKIP ${tapText(skipped)}\n`;
    if (fault === undefined) return `${line}\n`;
    return `${line}\n  ---\n  message: ${JSON.stringify(fault.reason)}\n  output: |\n${indented(fault.text)}  ...\n`;
  },
  after: () => "",
};

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
};
/** XML 1.0 has no other control characters, not even escaped. */
const xmlText = (text: string): string =>
  text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, "?")
    .replaceAll(/[&<>"\n]/g, (char) => entities[char] ?? char);

const junit: SelfTestReport = {
  before: () => "",
  each: () => "",
  after(results) {
    const total = results.reduce((sum, { msecs }) => sum + msecs, 0) / 1000;
    const cases = results.map((result) => {
      const { target, name, engine, fault, skipped } = result;
      const head = `  <testcase classname="${target}.${engine}" name="${xmlText(name)}" time="${seconds(result)}"`;
      if (fault !== undefined)
        return `${head}><failure message="${xmlText(fault.reason)}">${xmlText(fault.text)}</failure></testcase>\n`;
      if (skipped !== undefined) return `${head}><skipped message="${xmlText(skipped)}"/></testcase>\n`;
      return `${head}/>\n`;
    });
    const head = `<testsuite name="solo5" tests="${results.length}" failures="${count(results, "fault")}" skipped="${count(results, "skipped")}" time="${total.toFixed(2)}">`;
    return `<?xml version="1.0" encoding="UTF-8"?>\n${head}\n${cases.join("")}</testsuite>\n`;
  },
};

export const selfTestReports: Readonly<Record<string, SelfTestReport>> = { table, tap, junit };
