// What the build evaluates, and what every start does anew.
const made = { numbers: Array.from({ length: 1000 }, (_, i) => i * i), table: new Map([["k", 1]]) };
class Service {
  starts = 0;
}
const service = new Service();
service.starts++;
const id = crypto.randomUUID();
service.starts++;
console.log(JSON.stringify({ id, random: Math.random(), now: Date.now(), starts: service.starts, sum: made.numbers.length, key: made.table.get("k") })); // prettier-ignore
