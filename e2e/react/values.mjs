// Makes random values that a client can send, and knows what they mean.

import { boundFunctions } from './load.mjs';

// randomValue returns {value, known, features}: an argument list, what [tag]
// must know about it, and what is in it.
export async function randomValue(seed, react) {
  const maker = new Maker(seed, react);
  const value = [];
  maker.kept.push({ v: value, once: false });
  const n = maker.below(5);
  for (let i = 0; i < n; i++) {
    maker.place(value, String(i), maker.value(0, true));
  }
  await maker.fill();
  return { value, known: maker.known, features: maker.features };
}

const words = [
  '', 'a', 'b', 'x y', '$', '$$', '$a', '$undefined', '$0', '$1:0', '$@1', '$K1', '$T', 'C', 'C"', '__proto', 'then', '\u0000', '\u2028', '"\\\n\r\t',
  '\ud800', 'x\udc00y', '\u{1f600}', '\ufeff', 'é'.repeat(20), '2024-01-01T00:00:00.000Z', 'Z', '%22', '%0D%0A', "'", '-0', '1e3', 'long '.repeat(60),
];
const keys = [
  'a', 'b', 'c', 'd', '0', '1', '10', '01', '-1', '4294967295', '', ' ', '$', '$x', '$type', '$1', 'a:b', ':', '__proto__', 'constructor', 'prototype', 'toString',
  'then', 'length', 'id', 'bound', 'status', 'value', '_payload', '\ud800', '\u{1f600}', '"', 'é', 'toJSON',
];
const fieldNames = [
  'a', 'a', 'b', '', '_', '1', '_1_a', '0', '$ACTION_ID_abc', '$ACTION_KEY', 'a:b', 'é', '"', 'x\ny', '%22', '__proto__', 'a;b', 'a\\b', "'", '\ud800', 'S1', '\u{1f600}',
];
// busboy takes directories off a file name and parameters off a type, which
// other parsers keep: there are none here, nor empty file names, which it drops.
const fileNames = ['a.txt', 'blob', 'é.png', 'x"y.txt', 'a b', 'a;b', 'undefined', '%22'];
const types = ['', 'text/plain', 'image/png', 'application/octet-stream', 'application/json', 'X/Y'];
const numbers = [0, -0, 1, -1, 0.1, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 2 ** 53, -1.5e-10, NaN, Infinity, -Infinity, 123456789.125];
const bigints = [0n, 1n, -1n, 10n ** 20n, -(2n ** 64n), 10n ** 299n - 1n];
const times = [0, 1, -1, 8.64e15, -8.64e15, 253402300800000, -62198755200000, 1709210096789, NaN];
const views = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView];
const ids = ['a', 'b', '00' + 'ab'.repeat(20), '$x', 'x#y', 'é'];

// once makes an iterator that cannot be sent twice. The encoder would find it
// empty the second time, where it does not know that it was there before. For
// one value it asks a synchronous iterator twice for itself.
function once(iterator, key) {
  let left = key === Symbol.iterator ? 2 : 1;
  return Object.defineProperty(iterator, key, {
    value() {
      if (left-- === 0) throw new Error('an iterator is sent twice');
      return this;
    },
  });
}

class Maker {
  known = new Map();
  features = new Set();
  // kept are objects that may occur again; one with once cannot be sent twice.
  kept = [];
  late = [];
  left = 0;
  // waiting counts the promises and functions around what is made.
  waiting = 0;

  constructor(seed, react) {
    this.state = seed >>> 0;
    this.react = react;
    for (let i = 0; i < 4; i++) this.random();
    // Most values are small, some are large, and each leans on something.
    this.left = this.chance(0.1) ? 150 : this.chance(0.5) ? 40 : 12;
    this.lean = this.below(12);
  }

  // random is mulberry32.
  random() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  below(n) { return Math.floor(this.random() * n); }
  chance(p) { return this.random() < p; }
  pick(list) { return list[this.below(list.length)]; }
  has(feature) { this.features.add(feature); }

  // place puts v under a key as an own property, even under __proto__.
  place(object, key, v) {
    if (key === '__proto__') this.has('__proto__');
    Object.defineProperty(object, key, { value: v, enumerable: true, configurable: true, writable: true });
  }

  // value makes one. The encoder can find again what stands where there is no
  // colon in any key above; named tells whether that is so.
  value(depth, named) {
    this.left--;
    if (depth > 6 || this.left < 0 || this.chance(0.3)) return this.primitive(named);
    if (this.chance(0.12) && this.kept.length > 0 && !this.react.old && !(this.react.endless && this.waiting > 0)) {
      const { v, once } = this.pick(this.kept);
      if (!once || named) {
        this.has('sharing');
        return v;
      }
    }
    const make = [
      'object', 'object', 'object', 'array', 'array', 'map', 'set', 'form', 'promise', 'date', 'iterable', 'server',
      'file', 'view', 'stream', 'byteStream', 'asyncIterable', 'iterator', 'opaque',
    ];
    let kind = this.chance(0.25) ? ['map', 'set', 'form', 'promise', 'iterator', 'stream', 'file', 'asyncIterable', 'view', 'server', 'object', 'opaque'][this.lean] : this.pick(make);
    if (this.react.old && make.indexOf(kind) > make.indexOf('server')) kind = 'object';
    this.has(kind);
    return this[kind](depth + 1, named);
  }

  keep(v, named, once = false) {
    if (!once || named) this.kept.push({ v, once });
    return v;
  }

  primitive() {
    switch (this.below(9)) {
      case 0: return undefined;
      case 1: return null;
      case 2: return this.chance(0.5);
      case 3: return this.pick(numbers);
      case 4: return this.pick(bigints);
      case 5: return this.react.old ? Symbol.for(this.pick(words)) : this.below(1000);
      case 6: return this.chance(0.2) ? this.url() : this.pick(words);
      default: return this.pick(words);
    }
  }

  // url has a toJSON method, so that a text arrives.
  url() {
    const v = new URL('https://example.com/' + this.below(9));
    this.known.set(v, { type: 'text', text: v.href });
    return v;
  }

  items(depth, named, fill) {
    for (let n = this.below(5); n > 0; n--) fill(this.value(depth, named));
  }

  object(depth, named) {
    const o = this.keep(this.chance(0.1) ? Object.create(Object.create(null)) : {}, named);
    for (let n = this.below(5); n > 0; n--) {
      const key = this.pick(this.chance(0.5) ? keys.slice(0, 4) : keys);
      const v = this.value(depth, named && !key.includes(':'));
      if (typeof v !== 'function' || (key !== 'then' && key !== 'toJSON')) this.place(o, key, v);
    }
    return o;
  }

  array(depth, named) {
    const a = this.keep([], named);
    this.items(depth, named, (v) => a.push(v));
    if (this.chance(0.05)) a.length += 1;
    return a;
  }

  map(depth, named) {
    const m = this.keep(new Map(), named);
    for (let n = this.below(4); n > 0; n--) m.set(this.value(depth, true), this.value(depth, true));
    return m;
  }

  set(depth, named) {
    const s = this.keep(new Set(), named);
    this.items(depth, true, (v) => s.add(v));
    return s;
  }

  form(depth, named) {
    const form = this.keep(new FormData(), named);
    for (let n = this.below(5); n > 0; n--) {
      const name = this.pick(fieldNames);
      this.chance(0.15) ? form.append(name, this.bytesFile()) : form.append(name, this.pick(words));
    }
    for (const [, v] of form) {
      if (v instanceof Blob) this.late.push(async () => this.known.set(v, { type: 'bytes', data: Buffer.from(await v.arrayBuffer()) }));
    }
    return form;
  }

  promise(depth, named) {
    let resolve;
    const p = this.keep(new Promise((r) => (resolve = r)), named);
    this.waiting++;
    let value = this.value(depth, true);
    this.waiting--;
    if (value instanceof Promise) value = [];
    this.known.set(p, { type: 'promise', value });
    if (this.chance(0.5)) resolve(value);
    else {
      let turns = this.below(4);
      const later = () => (turns-- > 0 ? setImmediate(later) : resolve(value));
      later();
    }
    return p;
  }

  date() { return new Date(this.pick(times)); }

  bytes(n) { return Uint8Array.from({ length: n }, () => this.below(256)); }

  bytesFile() {
    const parts = [this.chance(0.2) ? '\r\n--x\r\n' : this.bytes(this.below(20))];
    const type = this.pick(types);
    return this.chance(0.3) ? new Blob(parts, { type }) : new File(parts, this.pick(fileNames), { type });
  }

  file(depth, named) {
    const f = this.keep(this.bytesFile(), named);
    this.late.push(async () => this.known.set(f, { type: 'bytes', data: Buffer.from(await f.arrayBuffer()) }));
    return f;
  }

  view(depth, named) {
    const View = this.pick(views);
    if (this.chance(0.15)) return this.keep(this.bytes(this.below(10)).buffer, named);
    const buffer = this.bytes(48).buffer;
    return this.keep(new View(buffer, 8 * this.below(3), this.below(3)), named);
  }

  list(depth, named) {
    const values = [];
    this.items(depth, named, (v) => values.push(v));
    return values;
  }

  iterable(depth) {
    const values = this.list(depth, false);
    const v = { [Symbol.iterator]: () => values[Symbol.iterator]() };
    this.known.set(v, { type: 'inlined', values });
    return v;
  }

  iterator(depth, named) {
    const values = this.list(depth, true);
    const v = this.keep(once(values[Symbol.iterator](), Symbol.iterator), named, true);
    this.known.set(v, { type: 'iterator', values });
    return v;
  }

  stream(depth, named) {
    const values = this.list(depth, false);
    const v = this.keep(new ReadableStream({ start(c) { for (const x of values) c.enqueue(x); c.close(); } }), named, true);
    this.known.set(v, { type: 'readablestream', values });
    return v;
  }

  byteStream(depth, named) {
    const chunks = Array.from({ length: this.below(3) }, () => this.bytes(1 + this.below(9)));
    const whole = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
    const v = this.keep(new ReadableStream({ type: 'bytes', start(c) { for (const x of chunks) c.enqueue(x); c.close(); } }), named, true);
    this.known.set(v, { type: 'readablestream', values: [whole] });
    return v;
  }

  asyncIterable(depth, named) {
    const values = this.list(depth, false);
    const returned = this.chance(0.3) ? this.value(depth, false) : undefined;
    const run = async function* () { yield* values; return returned; };
    if (values.concat(returned).some((v) => v instanceof Promise)) return this.array(depth, named); // a generator would wait for it
    const own = this.chance(0.5);
    let used = false; // one that leads to itself in rows would be sent for ever
    const again = () => {
      if (used) throw new Error('an iterable is sent twice');
      used = true;
      return run();
    };
    const v = this.keep(own ? once(run(), Symbol.asyncIterator) : { [Symbol.asyncIterator]: again }, named, true);
    this.known.set(v, { type: own ? 'asynciterator' : 'asynciterable', values, return: returned });
    return v;
  }

  server(depth, named) {
    const id = this.pick(ids);
    const f = this.react.client.createServerReference(id, () => {});
    if (this.chance(0.5)) {
      boundFunctions.set(f, { id, bound: null });
      return this.keep(f, named);
    }
    this.waiting++;
    const bound = this.list(depth, true);
    this.waiting--;
    const g = f.bind(null, ...bound);
    boundFunctions.set(g, { id, bound });
    return this.keep(g, named);
  }

  // opaque makes what stays on the client.
  opaque(depth, named) {
    const v = this.pick([() => () => {}, () => Symbol('s'), () => Symbol.for('s'), () => new (class Point { x = 1; })(), () => Object.create(null), () => new Error('e'), () => /x/])();
    if (!named) return null;
    if (!this.known.has(v)) this.known.set(v, { type: 'tempref', ref: '#' + this.known.size });
    return typeof v === 'symbol' ? v : this.keep(v, named, true);
  }

  // fill writes down what can only be known when all is made.
  async fill() {
    for (const f of this.late) await f();
  }
}
