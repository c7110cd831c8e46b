// The states of connections (RFC 9293, 3.3.2), and what they allow.

/** RFC 9293, 3.3.2; `offered` is a SYN that a gateway has not answered yet. */
export const state = {
  closed: 0,
  offered: 1,
  synSent: 2,
  synReceived: 3,
  established: 4,
  finWait1: 5,
  finWait2: 6,
  closeWait: 7,
  closing: 8,
  lastAck: 9,
  timeWait: 10,
} as const;
export type State = (typeof state)[keyof typeof state];

/** How the sender takes losses (RFC 6675, RFC 5681): none known, fast recovery, after a timeout. */
export const mode = { open: 0, recovery: 1, loss: 2 } as const;
export type Mode = (typeof mode)[keyof typeof mode];

/** Whoever closed and hears nothing more gives up (as most do; RFC 9293 would wait for ever). */
export const finWait2Msecs = 60_000;

interface InState {
  readonly state: State;
}

export const isSynchronized = ({ state: s }: InState): boolean => s >= state.established;
/** The peer may still send data. */
export const mayReceive = ({ state: s }: InState): boolean =>
  s === state.established || s === state.finWait1 || s === state.finWait2;
/** Data and FIN of the user may be sent, again at least. */
export const maySend = ({ state: s }: InState): boolean =>
  s >= state.established && s <= state.lastAck && s !== state.finWait2;
