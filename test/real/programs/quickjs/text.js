// Strings, regular expressions, JSON, big and floating-point numbers.
const words =
  "the quick brown fox jumps over the lazy dog while seven wizards mix a potion of 12 herbs and 345 roots".split(
    " ",
  );
let state = 7;
const next = (limit) => {
  state = (state * 48271) % 2147483647;
  return state % limit;
};
function once() {
  const text = Array.from({ length: 400 }, () => words[next(words.length)]).join(" ");
  const counts = {};
  for (const word of text.match(/\w+/g)) counts[word] = (counts[word] || 0) + 1;
  const replaced = text.replace(/(\d)(\d+)|\b([aeiou])/g, (all, a, b, vowel) =>
    vowel ? vowel.toUpperCase() : b + a,
  );
  const data = JSON.parse(
    JSON.stringify({ counts, list: Object.entries(counts), nested: { pi: Math.PI, text: replaced } }),
  );
  let hash = 5381;
  for (let i = 0; i < replaced.length; i++) hash = ((hash << 5) + hash + replaced.charCodeAt(i)) | 0;
  let big = 1n;
  for (let i = 1n; i < 60n; i++) big = (big * (i + BigInt(data.list.length))) % (2n ** 127n - 1n);
  let sum = 0;
  for (let i = 1; i < 400; i++) sum += Math.sqrt(i) / (1 + (i % 7)) - Math.floor(i / 3) * 0.25;
  return `${hash} ${big} ${sum.toFixed(6)}`;
}
let last = "";
for (let round = 0; round < rounds; round++) last = once();
`text ${last}`;
