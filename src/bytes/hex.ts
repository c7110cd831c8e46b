// Bytes as hexadecimal digits.

/** Two digits a byte; `:` between them makes a MAC address. */
export const hexText = (bytes: Uint8Array, between = ""): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(between);
