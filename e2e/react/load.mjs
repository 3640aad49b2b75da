// Loads the encoder and the decoder of one version of React.

import Module, { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

process.env.NODE_ENV = 'production';
const require = createRequire(import.meta.url);

// The versions, by the name that Go uses. The Next ones are the builds of React
// that Next carries with it.
const versions = {
  // The client of 19.2.1 writes a promise and a function's arguments again in
  // each place, and for ever where they lead to themselves.
  'react-19.2.1': { dir: 'rsdw1921/cjs/', endless: true },
  'react-19.2.5': { dir: 'rsdw1925/cjs/' },
  'react-19.2.8': { dir: 'rsdw1928/cjs/' },
  'react-19.2.9': { dir: 'rsdw1929/cjs/' },
  'react-19.3.1': { dir: 'rsdw1931/cjs/' },
  'next-14.2.35': { next: 'next14', old: true },
  'next-15.5.29': { next: 'next15' },
  'next-16.4.6': { next: 'next16' },
};

// at is the path of a file below node_modules. Paths need no exports.
const at = (file) => fileURLToPath(new URL(`node_modules/${file}`, import.meta.url));

// requireWith loads a file that finds React and React DOM where they are said
// to be: a server needs the builds for servers. Next's builds ask for each
// other as parts of "next", which has another name here.
function requireWith(replacements, next, file) {
  const load = Module._load;
  Module._load = function (request, ...rest) {
    const found = replacements[request.replace('next/dist/compiled/', '')];
    return load.call(this, found ?? request.replace(/^next\//, at(`${next}/`)), ...rest);
  };
  try {
    return require(at(file));
  } finally {
    Module._load = load;
  }
}

export function loadVersion(name) {
  const version = versions[name];
  if (!version) {
    throw new Error(`no version ${name}`);
  }
  const { next, old = false, endless = false } = version;
  const compiled = next && `${next}/dist/compiled/`;
  const base = (next ? `${compiled}react-server-dom-webpack/cjs/` : version.dir) + 'react-server-dom-webpack-';
  const file = (pkg, sub) => at(`${compiled ?? ''}${pkg}/${sub}`);
  const clientReact = { react: file('react', 'index.js'), 'react-dom': file('react-dom', 'index.js') };
  const serverReact = old
    ? { react: file('react', 'react.react-server.js'), 'react-dom': file('react-dom', 'server-rendering-stub.js') }
    : { react: file('react', 'react.react-server.js'), 'react-dom': file('react-dom', 'react-dom.react-server.js') };

  // A bundler would define these. A module has whatever function it is asked
  // for, a new one each time, which remembers what it was bound to.
  globalThis.__webpack_require__ = Object.assign((id) => modules(id), { u: (id) => id });
  globalThis.__next_require__ = globalThis.__webpack_require__;
  globalThis.__webpack_chunk_load__ = globalThis.__next_chunk_load__ = () => Promise.resolve();
  globalThis.AsyncLocalStorage ??= require('node:async_hooks').AsyncLocalStorage;

  const client = requireWith(clientReact, next, `${base}client.edge.production.js`);
  const server = requireWith(serverReact, next, `${base}server.node.production.js`);
  const busboy = require(at(next && !old ? `${compiled}busboy` : 'busboy'));
  return { name, old, endless, client, server, busboy, temporary: !old };
}

// boundFunctions remembers the id and bound arguments of server functions.
export const boundFunctions = new WeakMap();

function modules(id) {
  return Object.defineProperty({}, 'f', { enumerable: true, get: () => serverFunction(id.slice('module:'.length)) });
}

function serverFunction(id) {
  const f = () => {};
  boundFunctions.set(f, { id, bound: null });
  f.bind = (_, ...bound) => {
    const g = () => {};
    boundFunctions.set(g, { id, bound });
    return g;
  };
  return f;
}

// manifest names a module for every id.
export const manifest = new Proxy({}, {
  get: (_, id) => (typeof id === 'string' ? { id: 'module:' + id, chunks: [], name: 'f', async: false } : undefined),
  has: () => true,
  getOwnPropertyDescriptor: (target, id) => ({ value: manifest[id], configurable: true, enumerable: true, writable: true }),
});
