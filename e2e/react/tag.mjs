// Writes values as tagged JSON: plain JSON, with objects {"$type": …} for what
// JSON has no word for. internal/vectors/tagged.go brings it into its canonical
// form.

import { boundFunctions } from './load.mjs';

// How many turns of the event loop a value may take. All input is in memory, so
// what has not come by then never will.
const maxTurns = 200;

// inTime waits for a promise, and fails with "never ends" where that is in vain.
export async function inTime(promise) {
  let late = false;
  const turns = async () => {
    for (let i = 0; i < maxTurns; i++) {
      await new Promise(setImmediate);
    }
    late = true;
  };
  const result = await Promise.race([promise, turns()]);
  if (late) {
    throw new Error('never ends');
  }
  return result;
}

// known tells what cannot be seen on a value or is gone once it was read: what
// a stream, iterator or promise holds. The generator writes it down when it
// makes the value, [settle] when it reads a decoded one, with the error "never
// ends" for what never comes. The entries are
// {type: 'promise', value} or {error}; {type: 'readablestream', chunks, error?};
// {type: 'asynciterable' | 'asynciterator' | 'iterator', values, return?, error?};
// {type: 'inlined', values} for what arrives as a plain array; {type: 'opaque',
// ref}; {type: 'bytes', data} for files.
export function settle(root, temporary) {
  return new Settler(temporary).run(root);
}

class Settler {
  known = new Map();
  waiting = [];

  constructor(temporary) {
    this.temporary = temporary;
  }

  // run looks at values as an application would: at what is there first, then
  // at promises and streams in the order in which they were met.
  async run(root) {
    this.look(root);
    for (let i = 0; i < this.waiting.length; i++) {
      for (const found of await this.read(this.waiting[i])) {
        this.look(found);
      }
    }
    return this.known;
  }

  look(root) {
    const todo = [root];
    while (todo.length > 0) {
      const v = todo.pop();
      if (v === null || (typeof v !== 'object' && typeof v !== 'function') || this.known.has(v)) {
        continue;
      }
      this.known.set(v, undefined);
      if (typeof v === 'function' && v.$$typeof === Symbol.for('react.temporary.reference')) {
        this.known.set(v, { type: 'tempref', ref: this.temporary.get(v) });
        continue;
      }
      todo.push(...this.children(v).toReversed());
    }
  }

  // children are the values in v, after what has to be waited for was noted.
  children(v) {
    if (typeof v === 'function') {
      return boundFunctions.get(v)?.bound ?? [];
    }
    if (v instanceof Promise || v instanceof Blob || v instanceof ReadableStream ||
      typeof v[Symbol.asyncIterator] === 'function') {
      this.waiting.push(v);
      return [];
    }
    if (v instanceof Map) {
      return [...v].flat();
    }
    if (v instanceof FormData) {
      return [...v].map(([, value]) => value);
    }
    if (v instanceof Set) {
      return [...v];
    }
    if (ArrayBuffer.isView(v)) {
      return [];
    }
    if (!Array.isArray(v) && typeof v[Symbol.iterator] === 'function') {
      const values = [...v];
      this.known.set(v, { type: 'iterator', values });
      return values;
    }
    return Object.keys(v).map((key) => v[key]);
  }

  // read waits for v and returns what was in it.
  async read(v) {
    const known = (this.known.set(v, { values: [] }), this.known.get(v));
    try {
      if (v instanceof Blob) {
        known.type = 'bytes';
        known.data = Buffer.from(await v.arrayBuffer());
        return [];
      }
      if (v instanceof Promise) {
        known.type = 'promise';
        // In an array, because await would call a member named then.
        [known.value] = await inTime(new Promise((resolve, reject) => v.then((value) => resolve([value]), reject)));
        return [known.value];
      }
      const stream = v instanceof ReadableStream;
      const iterator = stream ? v.getReader() : v[Symbol.asyncIterator]();
      known.type = stream ? 'readablestream' : iterator === v ? 'asynciterator' : 'asynciterable';
      for (;;) {
        const { done, value } = await inTime(stream ? iterator.read() : iterator.next());
        if (done) {
          known.return = value;
          return [...known.values, value];
        }
        known.values.push(value);
      }
    } catch (error) {
      known.error = String(error?.message ?? error);
      return known.values;
    }
  }
}

const text = JSON.stringify;
const bytes = (v) => Buffer.from(v.buffer ?? v, v.byteOffset ?? 0, v.byteLength).toString('base64');

// tag returns the tagged JSON of a value.
export function tag(root, known) {
  const seen = new Map();
  const list = (values, path) => '[' + Array.from(values, (v, i) => write(v, [...path, i])).join(',') + ']';
  const entries = (pairs, path) => '[' + Array.from(pairs, (pair, i) => list(pair, [...path, 'entries', i])).join(',') + ']';

  function write(v, path) {
    switch (typeof v) {
      case 'undefined': return '{"$type":"undefined"}';
      case 'boolean': case 'string': return text(v);
      case 'bigint': return `{"$type":"bigint","value":"${v}"}`;
      case 'number':
        if (Object.is(v, -0)) return '{"$type":"number","value":"-0"}';
        return Number.isFinite(v) ? text(v) : `{"$type":"number","value":"${v}"}`;
    }
    const info = known.get(v);
    if (typeof v === 'symbol' && !info) return `{"$type":"symbol","key":${text(Symbol.keyFor(v))}}`;
    if (v === null || info?.type === 'null') return 'null';
    if (seen.has(v)) return `{"$type":"alias","path":${text(seen.get(v))}}`;
    seen.set(v, path);
    if (info?.type && info.type !== 'bytes') return later(info, path);
    return plain(v, path, info);
  }

  function later(info, path) {
    const failed = info.error === undefined ? '' : `,"error":{"$type":"error","message":${text(info.error)}}`;
    switch (info.type) {
      case 'text': return text(info.text);
      case 'tempref': return `{"$type":"tempref","ref":${text(info.ref)}}`;
      case 'inlined': return list(info.values, path);
      case 'promise': return `{"$type":"promise"${failed || `,"value":${write(info.value, [...path, 'value'])}`}}`;
      case 'iterator': return `{"$type":"iterator","values":${list(info.values, [...path, 'values'])}}`;
      case 'readablestream': return `{"$type":"readablestream","chunks":${list(info.values, [...path, 'chunks'])}${failed}}`;
    }
    const values = list(info.values, [...path, 'values']); // before what may name something in them
    const returns = info.return === undefined ? '' : `,"return":${write(info.return, [...path, 'return'])}`;
    return `{"$type":"${info.type}","values":${values}${returns}${failed}}`;
  }

  function plain(v, path, info) {
    if (typeof v === 'function') {
      const { id, bound } = boundFunctions.get(v);
      return `{"$type":"serverref","id":${text(id)},"bound":${bound ? list(bound, [...path, 'bound']) : null}}`;
    }
    if (Array.isArray(v)) return list(v, path);
    if (v instanceof Map) return `{"$type":"map","entries":${entries(v, path)}}`;
    if (v instanceof Set) return `{"$type":"set","values":${list(v, [...path, 'values'])}}`;
    if (v instanceof FormData) return `{"$type":"formdata","entries":${entries(v, path)}}`;
    if (v instanceof Date) return `{"$type":"date","value":${isNaN(v) ? null : text(v.toISOString())}}`;
    if (v instanceof File) return `{"$type":"file","name":${text(v.name)},"type":${text(v.type)},"base64":"${info.data.toString('base64')}"}`;
    if (v instanceof Blob) return `{"$type":"blob","type":${text(v.type)},"base64":"${info.data.toString('base64')}"}`;
    if (v instanceof ArrayBuffer) return `{"$type":"arraybuffer","base64":"${bytes(v)}"}`;
    if (ArrayBuffer.isView(v)) return `{"$type":"typedarray","kind":"${v.constructor.name}","base64":"${bytes(v)}"}`;
    const keys = Object.keys(v);
    const member = (key) => text(key) + (keys.some((k) => k[0] === '$') ? ',' : ':') + write(v[key], [...path, key]);
    if (keys.some((key) => key[0] === '$')) return `{"$type":"object","entries":[${keys.map((key) => `[${member(key)}]`).join(',')}]}`;
    return '{' + keys.map(member).join(',') + '}';
  }

  return write(root, []);
}
