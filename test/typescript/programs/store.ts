import { open } from "solo5:block";
import { args } from "solo5:process";

const disk = open("storage");
const [what = "", text = ""] = args();
const shown = async (): Promise<string> => new TextDecoder().decode(await disk.read(3)).replace(/\0.*$/s, "");

if (what === "write") {
  const block = new Uint8Array(disk.blockSize * 2);
  block.set(new TextEncoder().encode(text), disk.blockSize);
  await disk.write(2, block);
}
console.log(disk.capacity, disk.blockSize, await shown());
for (const attempt of [
  () => disk.read(disk.capacity / disk.blockSize),
  () => disk.read(-1),
  () => disk.write(0, new Uint8Array(5)),
]) {
  await attempt().then(
    () => console.log("went well"),
    (error: Error) => console.log(error.name, error.message),
  );
}
