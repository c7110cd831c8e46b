// AssemblyScript: npm install assemblyscript && npx solo5 build sieve.as.ts -o sieve && ./sieve

function primes(limit: i32): i32 {
  const composite = new Uint8Array(limit + 1);
  let count = 0;
  for (let i = 2; i <= limit; i++) {
    if (composite[i]) continue;
    count++;
    for (let k = i * 2; k <= limit; k += i) composite[k] = 1;
  }
  return count;
}

console.log(`${primes(5000000)} primes up to 5,000,000`);
