// What a host says while a guest runs on it.
import { encodeText } from "../../bytes/text.js";

export const say = (reporter: string, message: string): void =>
  void process.stderr.write(encodeText(`${reporter}: ${message}\n`));
