/**
 * Set by the launcher of an install prefix, since Node gives every signal its default meaning before anybody can look: its
 * process, which became this one, and its mask of ignored signals as proc_pid_status(5) has it.
 */
export const ignoredVariable = "SOLO5_SIGIGN";
