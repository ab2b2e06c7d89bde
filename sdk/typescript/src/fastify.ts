import type { FastifyReply, FastifyRequest } from 'fastify';

import { pairs } from './credential.js';
import { admit, type GuardOptions } from './guard.js';
import type { Verifier } from './verifier.js';
import type { Principal } from './wire.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the key stands for; there after `requireKey`. */
    keyway?: Principal;
  }
}

/** A hook, best as `onRequest`: before a body is read for somebody who may not send one. */
export function requireKey(
  verifier: Verifier,
  options: GuardOptions<FastifyRequest> = {},
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  return async (request, reply) => {
    // `request.ip` follows Fastify's own `trustProxy`.
    const seen = { headers: pairs(request.raw.rawHeaders), address: request.ip };
    const outcome = await admit(verifier, options, request, seen);
    if ('refusal' in outcome) {
      const { status, headers, body } = outcome.refusal;
      return reply.code(status).headers(headers).serializer(String).send(body);
    }
    request.keyway = outcome.principal;
    return undefined;
  };
}
