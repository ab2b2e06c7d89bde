import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

import { pairs } from './credential.js';
import { admit, type GuardOptions } from './guard.js';
import type { Verifier } from './verifier.js';
import type { Principal } from './wire.js';

export type KeyedListener = (
  request: IncomingMessage,
  response: ServerResponse,
  principal: Principal,
) => void | Promise<void>;

/** A listener that is only called with the principal of a key that may. */
export function requireKey(
  verifier: Verifier,
  options: GuardOptions<IncomingMessage>,
  listener: KeyedListener,
): RequestListener {
  return async (request, response) => {
    const seen = { headers: pairs(request.rawHeaders), address: request.socket.remoteAddress };
    const outcome = await admit(verifier, options, request, seen);
    if ('refusal' in outcome) {
      const { status, headers, body } = outcome.refusal;
      response.writeHead(status, headers).end(body);
      return;
    }
    await listener(request, response, outcome.principal);
  };
}
