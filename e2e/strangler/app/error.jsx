'use client';

export default function Failed({ error }) {
  return <main><h1>Something failed</h1><p id="message">{error.message}</p><p id="digest">{error.digest}</p></main>;
}
