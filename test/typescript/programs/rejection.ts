const handledLater = Promise.reject(new Error("handled"));
console.log("begun");
setTimeout(() => console.log("not reached"), 50);
handledLater.catch(() => console.log("caught"));
async function work(): Promise<void> {
  await null;
  throw new TypeError("nobody waits for this");
}
void work();
