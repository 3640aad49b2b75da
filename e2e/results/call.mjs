// Calls actions as one client does, which the first argument names: next14,
// next15, next16 or react.
//
// Standard input: the URL of a page a line, as a JSON string.
// Standard output: one JSON object a line for each, in order: {"value": tagged
// JSON, or absent while there is none, "error": {"message", "digest"}, "page":
// {"url", "hard"} or null, "redirect", "revalidate"}.

import { createInterface } from 'node:readline';
import { settle, tag } from '../react/tag.mjs';
import { loadClient } from './clients.mjs';

const call = loadClient(process.argv[2]);
process.on('unhandledRejection', () => {}); // of promises in a result, which settle looks at

async function outcome(url) {
  const { result, page, header } = call(url);
  const answer = {};
  const settled = result.then(
    async (value) => { answer.value = tag(value, await settle(value)); },
    (error) => { answer.error = { message: String(error?.message), digest: error?.digest ?? '' }; },
  );
  answer.page = await page;
  // Next.js 14 may leave the page without telling the action that it has ended.
  await (answer.page?.hard ? Promise.race([settled, turns()]) : settled);
  return { ...answer, ...await header };
}

// turns is longer than a result takes that is there.
async function turns() {
  for (let i = 0; i < 100; i++) {
    await new Promise(setImmediate);
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  process.stdout.write(JSON.stringify(await outcome(JSON.parse(line))) + '\n');
}
process.exit();
