// struct pollfd: poll(2).
import { i32, struct, u16 } from "../../../bytes/struct.js";

export const pollfd = struct(8, { fd: i32, events: u16, revents: u16 });
export const pollIn = 1;
export const pollOut = 4;
export const pollHangUp = 0x10;
