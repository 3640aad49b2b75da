// Runs the form parsers of React backends over form bodies and tells which
// field and file names each of them sees.
//
// Standard input: one JSON object a line, {"contentType": string, "body": base64}.
// With "chunk": n the streaming parsers are fed n bytes at a time.
// Standard output: one JSON object a line for each of them, in order:
// {"<parser>": {"names": […]} or {"names": […], "error": string}, …}.
// Names that a streaming parser gave out before an error are listed too: a
// backend that acts on the stream has seen them.

import { createInterface } from 'node:readline';
import fastifyBusboy from '@fastify/busboy';
import busboy from 'busboy';
import { Response as Response5 } from 'undici5';
import { Response as Response6 } from 'undici6';
import { Response as Response7 } from 'undici7';

// How many turns of the event loop a parser may take. All input is in memory
// and no parser waits for a clock, so one that has not ended by then never
// will. Counting turns, unlike milliseconds, gives the same answer on a busy
// machine.
const maxTurns = 100;

const parsers = {
  undici5: (form) => formData(Response5, form),
  undici6: (form) => formData(Response6, form),
  undici7: (form) => formData(Response7, form),
  node: (form) => formData(Response, form),
  fastifyBusboy: (form) => stream((headers) => new fastifyBusboy({ headers }), form),
  busboy: (form) => stream((headers) => busboy({ headers, defParamCharset: 'utf8' }), form),
};

// Some parsers emit errors on file streams that nobody outside can listen to.
// The case they belong to then ends as "never ends".
process.on('uncaughtException', () => {});
process.on('unhandledRejection', () => {});

// formData reads the whole form as fetch's Response does; an error leaves no names.
async function formData(Response, { contentType, body }) {
  const response = new Response(body, { headers: { 'content-type': contentType } });
  const read = response.formData().then((data) => ({ names: [...data.keys()] }));
  return Promise.race([read, turns({ names: [], error: 'never ends' })]);
}

// stream collects names from a busboy until it finishes, fails, or falls silent
// (@fastify/busboy does so on a part without an end to its headers, and on
// bytes that come in a write of their own after the end of the form).
async function stream(create, { contentType, body, chunk }) {
  const names = [];
  const parser = create({ 'content-type': contentType });
  const ended = new Promise((resolve) => {
    parser.on('field', (name) => names.push(String(name)));
    parser.on('file', (name, file) => {
      names.push(String(name));
      file.on('error', () => {});
      file.resume();
    });
    parser.on('error', (error) => resolve({ names, error: error.message }));
    parser.on('close', () => resolve({ names }));
    parser.on('finish', () => resolve({ names }));
  });
  const fed = feed(parser, body, chunk || body.length);
  return Promise.race([ended, fed.then(() => turns({ names, error: 'never ends' }))]);
}

// feed writes the body, whole or n bytes at a time.
async function feed(parser, body, n) {
  for (let at = 0; at < body.length && !parser.destroyed; at += n) {
    parser.write(body.subarray(at, at + n));
    await turns(undefined, 1);
  }
  parser.end();
}

// turns resolves to a value when the event loop has gone round n times.
async function turns(value, n = maxTurns) {
  for (let i = 0; i < n; i++) {
    await new Promise(setImmediate);
  }
  return value;
}

// run gives one form to one parser. It never throws, whatever the line holds.
async function run(parser, line) {
  try {
    const form = JSON.parse(line);
    return await parser({ ...form, body: Buffer.from(form.body, 'base64') });
  } catch (error) {
    return { names: [], error: String(error?.cause?.message ?? error?.message ?? error) };
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const results = await Promise.all(Object.values(parsers).map((parser) => run(parser, line)));
  const seen = Object.fromEntries(Object.keys(parsers).map((name, i) => [name, results[i]]));
  process.stdout.write(JSON.stringify(seen) + '\n');
}
process.exit();
