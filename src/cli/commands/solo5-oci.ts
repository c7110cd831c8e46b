// solo5-oci: the OCI runtime. docs/containers.md.
import { ociCommands, ociLine } from "../../oci/command-line.js";
import { leaveToNode } from "../../host/linux/leave-to-node.js";
import { checkId, containerError, tryFind } from "../../oci/state.js";
import { defaultRoot, parseOci, type OciCall } from "../../oci/call.js";
import { createLog, type Log } from "../../oci/log.js";
import { main, print, printVersion, UsageError } from "../command.js";

/** Runs the process's command line. Nothing here waits at the top: the program is one file of CommonJS, which starts soonest. */
export const solo5Oci = (): Promise<void> =>
  main({
    name: "solo5-oci",
    get usage() {
      return `usage: ${ociLine.name} ${ociLine.operands}\nsee:   ${ociLine.name} --help\n`;
    },
    async run(args) {
      const call = parseOci(args, (message) => new UsageError(message));
      if (call === "help" || call === "version") leaveToNode();
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

const noCheckpoints = "it is a unikernel, which has no checkpoints";
/** Why commands of other runtimes' are refused. */
const refusals = {
  exec: "it is a unikernel, which has one program: exec cannot add another",
  checkpoint: noCheckpoints,
  restore: noCheckpoints,
  events: "there are no events: the files of its cgroup have the figures",
} as const;

async function perform(call: OciCall, log: Log): Promise<number> {
  const { command, global, options, operands } = call;
  const root = global.root ?? defaultRoot();
  const [id = ""] = operands;
  if (ociCommands[command].operands[0] === "ID") {
    checkId(id);
    const container = tryFind(root, id);
    if (container?.delegate !== undefined && command !== "create" && command !== "run")
      return (await import("../../oci/delegate.js")).passOn(container, root, call);
  }
  switch (command) {
    case "create":
    case "run":
      return make(call, root, id, log);
    case "start":
      await (await import("../../oci/start.js")).start(root, id, log);
      return 0;
    case "state": {
      const { readContainer, stateObject } = await import("../../oci/state.js");
      print(`${JSON.stringify(stateObject(root, readContainer(root, id)))}\n`);
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
      await (
        await import("../../oci/delete.js")
      ).deleteContainer(root, id, options["force"] !== undefined, log);
      return 0;
    case "list": {
      const { listing } = await import("../../oci/list.js");
      print(listing(root, options["format"] ?? "table", options["quiet"] !== undefined));
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
      (await import("../../oci/update.js")).update(root, id, options);
      return 0;
    case "features":
      print(`${JSON.stringify((await import("../../oci/features.js")).features, null, 2)}\n`);
      return 0;
    case "spec": {
      const { writeSpec } = await import("../../oci/spec.js");
      writeSpec(options["bundle"] ?? ".", operands[0] ?? "/unikernel.spt");
      return 0;
    }
    case "install":
    case "uninstall": {
      const installer = await import("../../oci/install/install.js");
      const { host = "/", config = "/etc/containerd/config.toml", handler = "solo5" } = options;
      print(`${installer[command]({ host, config, handler, restarts: options["restart"] !== undefined })}\n`);
      return 0;
    }
    case "exec":
    case "checkpoint":
    case "restore":
    case "events":
      throw containerError(id, refusals[command]);
    default:
      return command satisfies never;
  }
}

/** create, and run. */
async function make(call: OciCall, root: string, id: string, log: Log): Promise<number> {
  const { command, global, options } = call;
  const [{ readBundle }, { claim, newContainer }] = await Promise.all([
    import("../../oci/bundle.js"),
    import("../../oci/state.js"),
  ]);
  const request = {
    root,
    id,
    bundle: options["bundle"] ?? ".",
    pidFile: options["pid-file"],
    consoleSocket: options["console-socket"],
    isSystemd: global["systemd-cgroup"] !== undefined,
    log,
  };
  const bundle = readBundle(request.bundle);
  const { unikernel } = bundle;
  if (unikernel === undefined) {
    const { chooseRuntime, passOn } = await import("../../oci/delegate.js");
    const delegate = chooseRuntime(bundle, call);
    claim(root, { ...newContainer(id, bundle), delegate });
    log.info(`container '${id}' is no unikernel: ${delegate} has it`);
    return passOn({ id, delegate }, root, call);
  }
  await (await import("../../oci/create.js")).create(bundle, unikernel, request);
  if (command === "create") return 0;
  const { run } = await import("../../oci/run.js");
  return run(request, options["detach"] !== undefined, options["keep"] !== undefined);
}
