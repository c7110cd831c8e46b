// Prints what is in a tar archive on a block device.
import { mount } from "solo5:fs";

const archive = mount("archive");

async function show(folder: string): Promise<void> {
  for (const name of await archive.readDir(folder)) {
    const path = folder === "." ? name : `${folder}/${name}`;
    const bytes = await archive.readFile(path).catch(() => undefined);
    if (bytes === undefined) await show(path);
    else {
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
      console.log(hex, path);
    }
  }
}

try {
  await show(".");
  console.log(await archive.exists("nothing"), await archive.exists("folder"));
  console.log(await archive.readTextFile("folder/../folder/small.txt"));
  await archive.readFile("nothing");
} catch (error) {
  console.log((error as Error).message);
}
