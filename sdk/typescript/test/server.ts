/** The real binary, on a port and with data of its own; or any server, for what goes wrong. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const READY_MS_MAX = 20_000;

export async function listen(listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

export async function freePort(): Promise<number> {
  const { server } = await listen(() => {});
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

export async function untilAnswered(url: string, isThere: () => boolean): Promise<void> {
  const end = Date.now() + READY_MS_MAX;
  while (Date.now() < end && isThere()) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer !== undefined && answer.status !== 503) return;
    await pause(25);
  }
  assert.fail(`nothing answers at ${url}`);
}

export class KeywayServer {
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(
    readonly url: string,
    readonly token: string,
    process_: ChildProcess,
    folder: string,
  ) {
    this.#process = process_;
    this.#folder = folder;
    // Whatever ends this process ends the server with it.
    process.once('exit', () => process_.kill('SIGKILL'));
  }

  static async start(): Promise<KeywayServer> {
    const binary = process.env['KEYWAY_BINARY'];
    assert.ok(binary, 'KEYWAY_BINARY names the program under test; script/sdk-tests sets it');
    const folder = mkdtempSync(join(tmpdir(), 'keyway-sdk-'));
    const address = `127.0.0.1:${await freePort()}`;
    const token = `kw_mgmt_${randomBytes(24).toString('hex')}`;
    const child = spawn(binary, ['serve', '--listen', address, '--data-dir', join(folder, 'data')], {
      env: { PATH: '/usr/bin:/bin', KEYWAY_ROOT_KEY: token },
      stdio: 'ignore',
    });
    const server = new KeywayServer(`http://${address}`, token, child, folder);
    await untilAnswered(`${server.url}/readyz`, () => child.exitCode === null);
    return server;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null) {
      const ended = once(this.#process, 'exit');
      this.#process.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
