// The smallest one: npx solo5 build hello.ts -o hello && ./hello
import { args } from "solo5:process";

const [name = "world"] = args();
console.log(`Hello, ${name}, from a unikernel`);
