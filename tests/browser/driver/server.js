// A server of the real binary, on a port and with data of its own, and the API as its operator.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const ROOT = resolve(import.meta.dirname, '../../..');
export const TARGET = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target');
const BINARY = join(TARGET, 'debug', 'keyway');
const READY_MS_MAX = 20_000;
const POLL_MS = 25;
const COUNTED_MS_MAX = 20_000;

export async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve_) => listener.once('listening', resolve_));
  const { port } = listener.address();
  await new Promise((resolve_) => listener.close(resolve_));
  return port;
}

// A certificate that nobody vouches for.
function tlsArguments(folder) {
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', [...made, ...names, '-keyout', key, '-out', certificate], { stdio: 'pipe' });
  return ['--tls-cert', certificate, '--tls-key', key];
}

// The profile, with other words in its table of pages.
function pagesArguments(folder, profile, pages) {
  const file = join(folder, `${profile.name}.toml`);
  writeFileSync(file, `${readFileSync(join(ROOT, 'profiles', `${profile.name}.toml`), 'utf8')}\n[pages]\n${pages}\n`);
  return ['--profile', file];
}

export class Server {
  // `isTls`: over TLS; `pages`: what the profile's table of pages says; `port`: if not any.
  static async start(profile, environment = {}, { isTls = false, pages, port } = {}) {
    assert.ok(existsSync(BINARY), `no ${BINARY}: run cargo build --bin keyway first`);
    const server = new Server();
    server.profile = profile;
    server.projects = new Map();
    server.folder = mkdtempSync(join(tmpdir(), 'keyway-browser-'));
    server.url = `${isTls ? 'https' : 'http'}://127.0.0.1:${port ?? (await freePort())}`;
    const more = [
      ...(isTls ? tlsArguments(server.folder) : []),
      ...(pages ? pagesArguments(server.folder, profile, pages) : profile.arguments),
    ];
    const seed = createHash('sha256').update(randomBytes(32)).digest('hex');
    server.rootKey = `kw_mgmt_${seed}`;
    server.logFile = join(server.folder, 'log');
    const log = openSync(server.logFile, 'a');
    const data = join(server.folder, 'data');
    const listen = new URL(server.url).host;
    server.process = spawn(
      BINARY,
      ['serve', '--listen', listen, '--data-dir', data, ...more],
      {
        env: { PATH: '/usr/bin:/bin', KEYWAY_ROOT_KEY: server.rootKey, ...environment },
        stdio: ['ignore', log, log],
      },
    );
    // Whatever ends this process ends the server with it.
    process.once('exit', () => server.process.kill('SIGKILL'));
    await server.#waitUntilReady();
    return server;
  }

  async #waitUntilReady() {
    const end = Date.now() + READY_MS_MAX;
    while (Date.now() < end) {
      assert.equal(this.process.exitCode, null, `the server ended:\n${this.log()}`);
      const ready = await fetch(`${this.url}/readyz`).catch(() => null);
      if (ready?.status === 200) return;
      await pause(POLL_MS);
    }
    assert.fail(`the server is not ready:\n${this.log()}`);
  }

  log() {
    return readFileSync(this.logFile, 'utf8');
  }

  async stop() {
    const ended = new Promise((resolve_) => this.process.once('exit', resolve_));
    this.process.kill('SIGKILL');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  // A request with the root key, or with `headers` instead.
  async call(method, path, body, headers = { authorization: `Bearer ${this.rootKey}` }) {
    const sent = body === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      headers: { ...sent, ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json');
    return { status: answer.status, headers: answer.headers, text, body: isJson ? JSON.parse(text) : null };
  }

  async expect(status, method, path, body) {
    const answer = await this.call(method, path, body);
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
    return answer.body;
  }

  // With a project, where the profile has its keys in one.
  async organization(name) {
    const { id } = await this.expect(201, 'POST', '/v1/organizations', { name });
    const { project } = this.profile;
    if (project) this.projects.set(id, { ...project, id: await this.project(id, project.name, project) });
    return id;
  }

  async project(organization, name, fields = {}) {
    return (await this.expect(201, 'POST', '/v1/projects', { organization, ...fields, name })).id;
  }

  async member(organization, role, fields = {}) {
    const email = `${role}-${randomBytes(4).toString('hex')}@example.com`;
    const body = { organization, email, name: `Any ${role}`, role, ...fields };
    return this.expect(201, 'POST', '/v1/members', body);
  }

  async signInLink(member) {
    return (await this.expect(201, 'POST', '/v1/sign-in-links', { member: member.id })).url;
  }

  // The key and its secret.
  async key(organization, fields = {}) {
    const project = this.projects.get(organization)?.id;
    const grants = this.profile.grants === 'own' ? undefined : [{ permissions: ['read'], resource: '*' }];
    const body = { organization, project, name: 'A key', grants, ...fields };
    const made = await this.expect(201, 'POST', '/v1/keys', body);
    return { ...made.key, secret: made.secret };
  }

  // Waits until its uses are counted, which they are some seconds behind.
  async used(key) {
    const end = Date.now() + COUNTED_MS_MAX;
    while (Date.now() < end) {
      const usage = await this.expect(200, 'GET', `/v1/keys/${key.id}/usage`);
      if (usage.last_used_at && usage.last_refusal) return;
      await pause(POLL_MS * 10);
    }
    assert.fail(`no use of ${key.id} is counted`);
  }

  // The code of the verdict on a key.
  async verdict(secret, fields = {}) {
    return (await this.expect(200, 'POST', '/v1/keys/verify', { secret, ...fields })).code;
  }
}
