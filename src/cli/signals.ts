// Signals that a command gets while its unikernel runs are the unikernel's.

const forwarded = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

/** Waits for `status` and passes signals on to `signal` meanwhile. */
export async function forwardSignals(
  status: Promise<number>,
  signal: (signal: NodeJS.Signals) => void,
): Promise<number> {
  const listeners = forwarded.map((name) => [name, () => signal(name)] as const);
  for (const [name, listener] of listeners) process.on(name, listener);
  try {
    return await status;
  } finally {
    for (const [name, listener] of listeners) process.off(name, listener);
  }
}
