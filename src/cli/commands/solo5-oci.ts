// solo5-oci: the OCI runtime. docs/containers.md.
import { ociLine } from "../../oci/command-line.js";
import { defaultRoot, parseOci, type OciCall } from "../../oci/call.js";
import { createLog, type Log } from "../../oci/log.js";
import { main, print, printVersion, UsageError } from "../command.js";

await main({
  name: "solo5-oci",
  get usage() {
    return `usage: ${ociLine.name} ${ociLine.operands}\nsee:   ${ociLine.name} --help\n`;
  },
  async run(args) {
    const call = parseOci(args, (message) => new UsageError(message));
    if (call === "help") {
      const [{ commandHelp }, { hasColours }] = await Promise.all([
        import("../help/text.js"),
        import("../help/style.js"),
      ]);
      print(commandHelp(ociLine, hasColours(1)));
      return 0;
    }
    if (call === "version") return printVersion();
    const log = createLog(call.global.log, call.global["log-format"] === "json" ? "json" : "text");
    try {
      return await perform(call, log);
    } catch (error) {
      log.error((error as Error).message);
      throw error;
    }
  },
});

async function perform({ command, global, options, operands }: OciCall, log: Log): Promise<number> {
  const root = global.root ?? defaultRoot();
  const [id = ""] = operands;
  switch (command) {
    case "create":
    case "run": {
      const { createOrDelegate } = await import("../../oci/delegate.js");
      const request = {
        root,
        id,
        bundle: options["bundle"] ?? ".",
        pidFile: options["pid-file"],
        consoleSocket: options["console-socket"],
        log,
      };
      const status = createOrDelegate(request, global);
      if (command === "create" || status !== 0) return status;
      const { run } = await import("../../oci/run.js");
      return run(request, options["detach"] !== undefined, options["keep"] !== undefined);
    }
    case "start":
      (await import("../../oci/start.js")).start(root, id, log);
      return 0;
    case "state": {
      const { readContainer, stateObject } = await import("../../oci/state.js");
      print(`${JSON.stringify(stateObject(root, readContainer(root, id)), null, 2)}\n`);
      return 0;
    }
    case "kill":
      (await import("../../oci/kill.js")).kill(
        root,
        id,
        operands[1] ?? "SIGTERM",
        options["all"] !== undefined,
      );
      return 0;
    case "delete":
      (await import("../../oci/delete.js")).deleteContainer(root, id, options["force"] !== undefined, log);
      return 0;
    case "list": {
      const { listing } = await import("../../oci/list.js");
      print(listing(root, options["quiet"] === undefined ? (options["format"] ?? "table") : "quiet"));
      return 0;
    }
    case "ps": {
      const { processes } = await import("../../oci/list.js");
      print(processes(root, id, options["format"] ?? "table"));
      return 0;
    }
    case "pause":
    case "resume":
      (await import("../../oci/pause.js")).setPaused(root, id, command === "pause");
      return 0;
    case "update":
      (await import("../../oci/update.js")).update(root, id, options["resources"] ?? "-");
      return 0;
    case "features":
      print(`${JSON.stringify((await import("../../oci/features.js")).features, null, 2)}\n`);
      return 0;
    case "spec": {
      const { writeSpec } = await import("../../oci/spec.js");
      writeSpec(options["bundle"] ?? ".", operands[0] ?? "/unikernel.spt");
      return 0;
    }
    case "exec":
      throw new UsageError(
        `container '${id}' is a unikernel: it has one program, and exec cannot add another`,
      );
    default:
      return command satisfies never;
  }
}
