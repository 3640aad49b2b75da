// Runs the encoder and the decoder of one version of React, which the first
// argument names.
//
// Standard input: one JSON object a line, either {"seed": number} or
// {"contentType": string, "body": base64}.
// Standard output: one JSON object a line for each, in order. For a seed, what
// the client makes of a random value: {"contentType", "body", "meant": tagged
// JSON of the value itself, "positions": {position as JSON: name of an opaque value},
// "features": [string]}, or {"unsent": string} where the encoder throws. For a
// body, what the decoders make of it: {"streaming": reading, "whole": reading},
// a reading being {"value": tagged JSON} or {"error": string}. Streaming is what
// Next.js uses on Node.js, whole what it uses elsewhere; a text goes to whole.

import { createInterface } from 'node:readline';
import { loadVersion, manifest } from './load.mjs';
import { inTime, settle, tag } from './tag.mjs';
import { randomValue } from './values.mjs';

const react = loadVersion(process.argv[2]);

// Errors that nobody waits for are those of values that nobody looked at.
process.on('uncaughtException', () => {});
process.on('unhandledRejection', () => {});

// send encodes a random value as a client does.
async function send(seed) {
  const { value, known, features } = await randomValue(seed, react);
  const temporaryReferences = react.temporary ? react.client.createTemporaryReferenceSet() : undefined;
  let encoded;
  try {
    encoded = await inTime(react.client.encodeReply(value, { temporaryReferences }));
  } catch (error) {
    return { unsent: String(error?.message ?? error) };
  }
  const response = new Response(encoded);
  const positions = {};
  for (const [ref, v] of temporaryReferences ?? []) {
    if (known.get(v)?.type === 'tempref') {
      positions[JSON.stringify(ref.slice(1))] = known.get(v).ref;
    }
  }
  return {
    contentType: response.headers.get('content-type'),
    body: Buffer.from(await response.arrayBuffer()).toString('base64'),
    meant: tag(value, known), positions, features: [...features],
  };
}

// readAll gives a body to both decoders.
async function readAll({ contentType, body }) {
  const data = Buffer.from(body, 'base64');
  if (!contentType.startsWith('multipart/')) {
    return { whole: await reading((o) => react.server.decodeReply(data.toString(), manifest, o)) };
  }
  return {
    streaming: await reading((o) => {
      const stream = parser(contentType);
      const root = react.server.decodeReplyFromBusboy(stream, manifest, o);
      // The body comes when somebody already waits for the root.
      setImmediate(() => stream.end(data));
      return root;
    }),
    whole: await reading(async (o) => react.server.decodeReply(await wholeForm(contentType, data), manifest, o)),
  };
}

const parser = (contentType) => react.busboy({ defParamCharset: 'utf8', headers: { 'content-type': contentType } });

// wholeForm collects the parts as FormData, with names as they are sent.
async function wholeForm(contentType, data) {
  const entries = [];
  await new Promise((resolve, reject) => {
    const stream = parser(contentType);
    stream.on('field', (name, value) => entries.push([name, value]));
    stream.on('file', (name, file, { filename, mimeType }) => {
      const entry = [name];
      entries.push(entry);
      const chunks = [];
      file.on('data', (chunk) => chunks.push(chunk));
      file.on('end', () => entry.push(new File(chunks, filename, { type: mimeType })));
    });
    stream.on('error', reject);
    stream.on('close', resolve);
    stream.end(data);
  });
  const form = new FormData();
  for (const [name, value] of entries) {
    form.append(name, value);
  }
  return form;
}

// reading is the outcome of one decoder, promises and streams included.
async function reading(decode) {
  try {
    const temporaryReferences = react.temporary ? react.server.createTemporaryReferenceSet() : undefined;
    const root = await inTime(decode({ temporaryReferences }));
    return { value: tag(root, await settle(root, temporaryReferences)) };
  } catch (error) {
    return { error: String(error?.message ?? error) };
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const request = JSON.parse(line);
  let answer;
  try {
    answer = 'seed' in request ? await send(request.seed) : await readAll(request);
  } catch (error) {
    answer = { failure: String(error?.stack ?? error) };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
process.exit();
