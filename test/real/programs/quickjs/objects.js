// Classes, closures, maps, sorting, exceptions.
class Shape {
  constructor(size) {
    this.size = size;
  }
  area() {
    return 0;
  }
}
class Square extends Shape {
  area() {
    return this.size * this.size;
  }
}
class Circle extends Shape {
  area() {
    return Math.round(3 * this.size * this.size);
  }
}
let seed = 42;
const random = (limit) => {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return Math.floor(seed / 65536) % limit;
};
class Tree {
  insert(key) {
    if (this.key === undefined) this.key = key;
    else if (key < this.key) (this.left ??= new Tree()).insert(key);
    else (this.right ??= new Tree()).insert(key);
  }
  *keys() {
    if (this.left) yield* this.left.keys();
    yield this.key;
    if (this.right) yield* this.right.keys();
  }
}
function once() {
  const shapes = Array.from({ length: 600 }, (_, i) =>
    i % 3 ? new Square(random(100)) : new Circle(random(100)),
  );
  const area = shapes.map((shape) => shape.area()).reduce((sum, each) => sum + each, 0);
  const sorted = shapes.toSorted((a, b) => a.area() - b.area() || a.size - b.size);
  const byLast = new Map();
  for (const shape of sorted) byLast.set(shape.size % 10, (byLast.get(shape.size % 10) ?? 0) + 1);
  const tree = new Tree();
  for (let i = 0; i < 300; i++) tree.insert(random(10000));
  let hash = area;
  for (const key of tree.keys()) hash = (hash * 31 + key) % 1000000007;
  for (const [key, count] of byLast) hash = (hash * 31 + key * count) % 1000000007;
  for (let i = 0; i < 100; i++) {
    try {
      if (random(3) === 0) throw new RangeError(`${i}`);
      hash = (hash + i) % 1000000007;
    } catch (error) {
      hash = (hash * 7 + Number(error.message)) % 1000000007;
    }
  }
  return hash;
}
let total = 0;
for (let round = 0; round < rounds; round++) total = (total * 31 + once()) % 1000000007;
`objects ${total}`;
