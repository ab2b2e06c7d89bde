import type { NextFunction, Request, RequestHandler, Response } from 'express';

import { pairs } from './credential.js';
import { admit, type GuardOptions } from './guard.js';
import type { Verifier } from './verifier.js';
import type { Principal } from './wire.js';

declare global {
  namespace Express {
    interface Request {
      /** What the key stands for; there after `requireKey`. */
      keyway?: Principal;
    }
  }
}

/** Lets a request pass when its key may; else answers 400, 401, 403, 429 or 503 itself. */
export function requireKey(verifier: Verifier, options: GuardOptions<Request> = {}): RequestHandler {
  return async (request: Request, response: Response, next: NextFunction) => {
    // `request.ip` follows Express's own `trust proxy`.
    const seen = { headers: pairs(request.rawHeaders), address: request.ip };
    const outcome = await admit(verifier, options, request, seen);
    if ('refusal' in outcome) {
      const { status, headers, body } = outcome.refusal;
      response.writeHead(status, headers).end(body);
      return;
    }
    request.keyway = outcome.principal;
    next();
  };
}
