// This folder is all of the app; a lock file further up would make Next.js
// think otherwise.
export default {
  turbopack: { root: import.meta.dirname },
  experimental: { cpus: 1 },
};
