// React's Flight client was written for webpack and takes hold of its loader,
// which loads the client components that a result may contain. The gate's
// results have data in them and no components, so there is nothing to load: it
// is enough that the loader exists. This module must be imported before it.
globalThis.__webpack_require__ = { u: (chunk) => chunk };
