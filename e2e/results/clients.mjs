// Loads the part of a client that sends calls and takes their answers: of
// Next.js the reducer of server actions as it is shipped, with the client of
// React that it brings along; of bare React its client alone. The packages are
// those of ../react.

import Module, { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

process.env.NODE_ENV = 'production';
const require = createRequire(import.meta.url);
const at = (file) => fileURLToPath(new URL(`../react/node_modules/${file}`, import.meta.url));

// What the clients ask of a browser while they load. A page is not rendered.
Object.assign(globalThis, {
  window: globalThis,
  self: globalThis,
  document: { documentElement: { dataset: {}, removeAttribute() {} }, createElement: () => ({}), head: {}, cookie: '' },
  addEventListener() {},
});
Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'test' }, configurable: true });
globalThis.__webpack_require__ = Object.assign((id) => { throw new Error(`module ${id}`); }, { u: (id) => id });
globalThis.__next_require__ = globalThis.__webpack_require__;
globalThis.__webpack_chunk_load__ = globalThis.__next_chunk_load__ = () => Promise.resolve();

// requireWith loads a file that finds the modules of these names elsewhere.
function requireWith(replacements, next, file) {
  const load = Module._load;
  Module._load = function (request, ...rest) {
    const found = replacements[request.replace('next/dist/compiled/', '')];
    return load.call(this, found ? at(found) : request.replace(/^next\//, at(`${next}/`)), ...rest);
  };
  try {
    return require(at(file));
  } finally {
    Module._load = load;
  }
}

// Every client is a function that takes the URL of a page, calls an action from
// there, and returns {result, page, header}: a promise of the action's result; one
// of what becomes of the page, {url, hard} or null for nothing; and one of what
// the app itself must look at in the answer's header.
export function loadClient(version) {
  if (version === 'react') {
    return react(requireWith({}, '', 'rsdw1931/cjs/react-server-dom-webpack-client.browser.production.js'));
  }
  const compiled = `${version}/dist/compiled/`;
  const { serverActionReducer } = requireWith({
    react: `${compiled}react/index.js`,
    'react/jsx-runtime': `${compiled}react/jsx-runtime.js`,
    'react-dom': `${compiled}react-dom/${version === 'next14' ? 'server-rendering-stub' : 'index'}.js`,
    'react-server-dom-webpack/client': `${compiled}react-server-dom-webpack/client.browser.js`,
  }, version, `${version}/dist/client/components/router-reducer/reducers/server-action-reducer.js`);
  return next(serverActionReducer, version === 'next14' ? 'a'.repeat(40) : '00' + 'a'.repeat(40));
}

function react(client) {
  return (url) => {
    const response = fetch(url, { method: 'POST', headers: { accept: 'text/x-component', 'rsc-action': 'save' }, body: '[]' });
    return {
      result: Promise.resolve(client.createFromFetch(response)),
      page: Promise.resolve(null),
      header: response.then(({ headers }) => ({ redirect: headers.get('actiongw-redirect'), revalidate: headers.get('actiongw-revalidate') })),
    };
  };
}

function next(reducer, actionId) {
  const network = globalThis.fetch;
  return (url) => {
    globalThis.location = new URL(url);
    const page = location.pathname + location.search;
    const state = {
      tree: ['', { children: ['__PAGE__', {}] }, null, null, true],
      canonicalUrl: page, renderedSearch: location.search, nextUrl: location.pathname, pushRef: {}, focusAndScrollRef: {}, cache: {}, root: {},
    };
    // After the call, a request is one for the page's data.
    const asked = withResolvers();
    let requests = 0;
    globalThis.fetch = (target, init) => {
      if (requests++ > 0) {
        asked.resolve({ url: new URL(target, url).pathname, hard: false });
        return new Promise(() => {});
      }
      return network(new URL(target, url), init);
    };
    const result = withResolvers();
    const states = reducer(state, { type: 'server-action', actionId, actionArgs: [], resolve: result.resolve, reject: result.reject });
    const changed = Promise.resolve(states).then((after) => (after === state ? null : { url: after.canonicalUrl, hard: after.pushRef.mpaNavigation === true }));
    return { result: result.promise, page: Promise.race([changed, asked.promise]), header: Promise.resolve({}) };
  };
}

function withResolvers() {
  const all = {};
  all.promise = new Promise((resolve, reject) => Object.assign(all, { resolve, reject }));
  return all;
}
