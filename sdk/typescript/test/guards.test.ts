// The guards of the three frameworks behave the same: one table, with keys of the mock.
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { after, test } from 'node:test';

import express from 'express';
import Fastify from 'fastify';
import { Keyway, type Verifier } from 'keyway-sdk';
import { requireKey as expressGuard } from 'keyway-sdk/express';
import { requireKey as fastifyGuard } from 'keyway-sdk/fastify';
import { requireKey as nodeGuard } from 'keyway-sdk/node';
import { MockKeyway, testKey } from 'keyway-sdk/testing';

import { listen } from './server.js';

const closing: (() => unknown)[] = [];
after(() => Promise.all(closing.map((close) => close())));

interface Asked {
  permissions?: string[];
  resource?: () => string;
  ip?: () => string | undefined;
  onUndecided?: (error: unknown) => void;
}

/** Serves the id of whoever is let through. */
const frameworks: Record<string, (verifier: Verifier, asked: Asked) => Promise<string>> = {
  async express(verifier, asked) {
    const app = express();
    app.get('/', expressGuard(verifier, asked), (request, response) => {
      response.json(request.keyway?.id);
    });
    const { url, server } = await listen(app);
    closing.push(() => server.close());
    return url;
  },
  async fastify(verifier, asked) {
    const app = Fastify();
    app.get('/', { onRequest: fastifyGuard(verifier, asked) }, async (request, reply) =>
      reply.send(JSON.stringify(request.keyway?.id)),
    );
    closing.push(() => app.close());
    return app.listen({ host: '127.0.0.1', port: 0 });
  },
  async node(verifier, asked) {
    const listener = nodeGuard(verifier, asked, (_request, response, principal) => {
      response.end(JSON.stringify(principal.id));
    });
    const { url, server } = await listen(listener);
    closing.push(() => server.close());
    return url;
  },
};

/** A call whose headers go out as they are, repeated ones too. */
async function call(url: string, headers: string[]) {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }>(
    (resolve, reject) => {
      const host = ['Host', 'product.test', 'Connection', 'close'];
      const request = httpRequest(url, { headers: [...host, ...headers] }, (response) => {
        let body = '';
        response.on('data', (chunk) => (body += String(chunk)));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
      });
      request.on('error', reject).end();
    },
  );
}

function bearer(secret: string): string[] {
  return ['Authorization', `Bearer ${secret}`];
}

for (const [name, serve] of Object.entries(frameworks)) {
  test(`${name}: who may passes, and everybody else is told why in problem details`, async () => {
    const mock = new MockKeyway();
    const [good, poor, dead] = [mock.issue({ permissions: ['read'] }), mock.issue(), mock.issue()];
    mock.revoke(dead);
    const url = await serve(mock, { permissions: ['read'] });
    const id = JSON.stringify(good.split('_')[2]);
    for (const headers of [bearer(good), ['x-api-key', good]]) {
      assert.deepEqual(await call(url, headers).then((it) => [it.status, it.body]), [200, id]);
    }
    const table: [string[], number, string, string | undefined][] = [
      [[], 401, 'api_key_missing', 'Bearer'],
      [['Authorization', 'Basic x'], 401, 'api_key_missing', 'Bearer'],
      [bearer('nonsense'), 401, 'api_key_malformed', 'Bearer error="invalid_token"'],
      [bearer(testKey()), 401, 'api_key_invalid', 'Bearer error="invalid_token"'],
      [bearer(dead), 401, 'api_key_revoked', 'Bearer error="invalid_token"'],
      [bearer(poor), 403, 'insufficient_permissions', 'Bearer error="insufficient_scope"'],
      [[...bearer(good), ...bearer(good)], 400, 'duplicate_credentials', 'Bearer error="invalid_request"'],
      [[...bearer(good), 'X-API-Key', good], 400, 'duplicate_credentials', 'Bearer error="invalid_request"'],
    ];
    for (const [headers, status, code, challenge] of table) {
      const answer = await call(url, headers);
      const problem = JSON.parse(answer.body) as Record<string, unknown>;
      assert.equal(answer.status, status, code);
      assert.equal(answer.headers['content-type'], 'application/problem+json');
      assert.equal(answer.headers['www-authenticate'], challenge);
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.deepEqual([problem['status'], problem['code']], [status, code]);
      assert.ok(typeof problem['title'] === 'string' && !answer.body.includes(good));
    }
    const lacking = await call(url, bearer(poor));
    assert.match(lacking.body, /"detail":"it needs read"/);
  });

  test(`${name}: whatever goes wrong is 503 with Retry-After, and is told`, async () => {
    const { url: silent, server } = await listen(() => {});
    closing.push(() => server.close(), () => server.closeAllConnections());
    const token = `kw_mgmt_${'0'.repeat(40)}`;
    const refusing = await listen((_request, response) => {
      const body = { type: '', title: 'Revoked', status: 401, code: 'credential_revoked' };
      response.writeHead(401).end(JSON.stringify(body));
    });
    closing.push(() => refusing.server.close());
    const mock = new MockKeyway();
    const down = new MockKeyway();
    down.goDown();
    const good = mock.issue({ permissions: ['read'] });
    const broken = (): string => {
      throw new Error('a bug of the product');
    };
    const cases: [Verifier, Asked][] = [
      [down, {}],
      [new Keyway({ url: 'http://127.0.0.1:1', token }), {}],
      [new Keyway({ url: silent, token, verifyTimeoutMs: 100 }), {}],
      [new Keyway({ url: refusing.url, token }), {}],
      [mock, { resource: broken }],
      [mock, { resource: () => undefined as unknown as string }],
      [{ verify: async () => Promise.reject('no error at all') }, {}],
    ];
    for (const [verifier, asked] of cases) {
      const told: unknown[] = [];
      const url = await serve(verifier, { ...asked, onUndecided: (error) => told.push(error) });
      const answer = await call(url, bearer(good));
      assert.equal(answer.status, 503);
      assert.equal(answer.headers['retry-after'], '1');
      assert.equal(answer.headers['www-authenticate'], undefined);
      assert.equal((JSON.parse(answer.body) as { code: string }).code, 'undecided');
      assert.equal(told.length, 1);
    }
  });

  test(`${name}: the address of the connection is asked about, or another that is named`, async () => {
    const asked: unknown[] = [];
    const mock = new MockKeyway();
    const good = mock.issue();
    const verifier: Verifier = {
      verify: (secret, question) => (asked.push(question?.ip), mock.verify(secret)),
    };
    await call(await serve(verifier, {}), bearer(good));
    await call(await serve(verifier, { ip: () => '203.0.113.7' }), bearer(good));
    await call(await serve(verifier, { ip: () => undefined }), bearer(good));
    assert.deepEqual(asked, ['127.0.0.1', '203.0.113.7', undefined]);
  });
}
