// The stack's connections by promises, async iterators and web streams.
export { connectSocket, createSocket, listenSockets, type Socket, type SocketListener } from "./socket.js";
export { streamsOf, type StreamConstructors } from "./streams.js";
