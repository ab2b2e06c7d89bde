// The product: it runs flows. It knows nothing of keys; who calls is what Keyway's headers say, which
// nginx writes and no client can. It listens where only nginx reaches it.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

const PORT = Number(process.env.PRODUCT_PORT);
const BODY_BYTES_MAX = 64 * 1024;
const KEPT_MAX = 10_000;

// Every project has this one.
const FLOWS = { hello: ({ message }) => ({ text: `hello, ${message ?? 'world'}` }) };

// What was run, the oldest forgotten first: jobs by execution id, sessions by what the client called
// them. Each belongs to the project of the key that made it.
const jobs = new Map();
const sessions = new Map();

const FLOW = /^\/api\/v1\/seq\/(?<org>[^/]+)\/(?<project>[^/]+)\/(?<flow>[^/]+)(?:\/v\d+)?\/(?<what>execute|step|jobs)(?:\/(?<job>[^/]+))?$/;
const SESSION = /^\/api\/v1\/seq\/sessions\/(?<id>[^/]+)$/;

createServer(async (request, response) => {
  try {
    await answer(request, response);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    reply(response, error.status, { detail: { code: error.code, message: error.message } });
  }
}).listen(PORT, '127.0.0.1');

async function answer(request, response) {
  const { pathname } = new URL(request.url, 'http://product');
  const session = SESSION.exec(pathname)?.groups;
  if (session && request.method === 'GET') return reply(response, 200, readSession(request, session.id));
  const asked = FLOW.exec(pathname)?.groups;
  if (!asked) throw new Refusal(404, 'NOT_FOUND', 'There is nothing at this path');
  const flow = FLOWS[asked.flow];
  if (!flow) throw new Refusal(404, 'FLOW_NOT_FOUND', `There is no flow "${asked.flow}"`);
  if (asked.job && request.method === 'GET') return reply(response, 200, readJob(request, asked.job));
  if (request.method !== 'POST') throw new Refusal(405, 'INVALID_REQUEST', 'Flows are run by POST');
  const input = await readBody(request);
  const run = { executionId: randomUUID(), flowId: asked.flow, blockCount: 1, result: flow(input) };
  remember(request, run);
  if (asked.what === 'jobs') {
    remembered(jobs, run.executionId, { owner: owner(request), run });
    const { result: _, ...started } = run;
    return reply(response, 202, { ...started, status: 'started' });
  }
  if (asked.what === 'step') return stream(response, run);
  return reply(response, 200, { ...run, status: 'completed' });
}

// Whose it is, in the words of the proxy.
function owner(request) {
  const { 'keyway-organization': organization, 'keyway-project': project } = request.headers;
  if (!organization || !project) throw new Error('nobody asked Keyway about this request');
  return `${organization}/${project}`;
}

function remember(request, run) {
  const id = request.headers['x-session-id'];
  if (!id) return;
  const kept = sessions.get(id) ?? { owner: owner(request), runs: [] };
  if (kept.owner !== owner(request)) throw new Refusal(403, 'PROJECT_FORBIDDEN', 'This session is another project\'s');
  kept.runs.push(run);
  remembered(sessions, id, kept);
}

function remembered(map, id, value) {
  map.delete(id);
  map.set(id, value);
  if (map.size > KEPT_MAX) map.delete(map.keys().next().value);
}

// Another project's job or session is not there, like one that never was.
function readJob(request, id) {
  const job = jobs.get(id);
  if (job?.owner !== owner(request)) throw new Refusal(404, 'RUN_NOT_FOUND', 'There is no such job');
  return { executionId: id, status: 'completed', result: job.run.result };
}

function readSession(request, id) {
  const session = sessions.get(id);
  if (session?.owner !== owner(request)) throw new Refusal(404, 'SESSION_NOT_FOUND', 'There is no such session');
  return { sessionId: id, executions: session.runs };
}

async function readBody(request) {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > BODY_BYTES_MAX) throw new Refusal(413, 'INVALID_REQUEST', 'The body is too large');
  }
  try {
    const body = JSON.parse(text || '{}');
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  } catch {
    // Answered below, as any other body that is no object.
  }
  throw new Refusal(422, 'INVALID_REQUEST', 'The body must be a JSON object');
}

function stream(response, run) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const step = { stepId: run.flowId, name: run.flowId, output: run.result };
  for (const [event, payload] of [['run_started', run], ['step_completed', step], ['flow_completed', run]]) {
    response.write(`event: ${event}\ndata: ${JSON.stringify(payload)}\n\n`);
  }
  response.end();
}

function reply(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }
}
