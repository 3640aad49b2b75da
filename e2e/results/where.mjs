// Says where a browser lands that is sent to a location from a page.
//
// Standard input: [page, location] as JSON a line. Standard output: a JSON array
// of origins a line: of the location itself, and of what is left of it when a
// client drops its own origin and keeps the rest, as that of Next.js 16 does.
// Empty where a URL parser refuses.

import { createInterface } from 'node:readline';

function resolve(location, page) {
  try {
    return new URL(location, page);
  } catch {
    return undefined;
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const [page, location] = JSON.parse(line);
  const first = resolve(location, page);
  const second = first && resolve(first.pathname + first.search + first.hash, page);
  process.stdout.write(JSON.stringify([first?.origin ?? '', second?.origin ?? '']) + '\n');
}
