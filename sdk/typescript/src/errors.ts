/**
 * Three families that must never be taken for each other. `KeyRefused`: the answer about the key is
 * no. `Undecided`: there is no answer, neither yes nor no. `ProblemError`: the call itself was
 * refused, which says nothing about any key.
 *
 * No error holds a secret, neither in its message nor in a field: errors are logged.
 */
import { codes } from './generated/codes.js';
import type { FieldProblem, Problem, VerifyAnswer } from './wire.js';

export abstract class KeywayError extends Error {
  /** The stable name of what happened; branch on it, or on the class. */
  abstract readonly code: string;

  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/** The client cannot be made as it was told to. */
export class ConfigurationError extends KeywayError {
  readonly code = 'configuration';
}

/** The key is refused. */
export class KeyRefused extends KeywayError {
  readonly code: string;
  /** What to answer the key's user with: 401, 403 or 429. */
  readonly status: number;
  readonly title: string;
  /** All that are missing, where permissions are. */
  readonly missingPermissions: readonly string[];
  /** When to come again, where the key was used too often. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    answer: Pick<
      VerifyAnswer,
      'code' | 'http_status' | 'missing_permissions' | 'retry_after_seconds'
    >,
  ) {
    const missing = answer.missing_permissions ?? [];
    const title = codes[answer.code]?.title ?? 'The API key is refused';
    super(sentence(answer.code, title, missing.length > 0 ? `missing: ${missing.join(', ')}` : ''));
    this.code = answer.code;
    this.status = answer.http_status;
    this.title = title;
    this.missingPermissions = missing;
    this.retryAfterSeconds = answer.retry_after_seconds ?? undefined;
  }
}

export class KeyMissing extends KeyRefused {}
export class KeyMalformed extends KeyRefused {}
/** There is no such key. */
export class KeyInvalid extends KeyRefused {}
export class KeyRevoked extends KeyRefused {}
export class KeyExpired extends KeyRefused {}
/** The token that a key was exchanged for is over; the key may still work. */
export class TokenExpired extends KeyRefused {}
export class KeyInactive extends KeyRefused {}
export class IpNotAllowed extends KeyRefused {}
export class EnvironmentMismatch extends KeyRefused {}
export class OutOfScope extends KeyRefused {}
export class InsufficientPermissions extends KeyRefused {}
/** The key works and was used as often as its limit lets it. */
export class RateLimited extends KeyRefused {}

/** Nothing was decided, or whether a change was made is not known. Never read it as yes or no. */
export class Undecided extends KeywayError {
  readonly code: string;
  readonly requestId: string | undefined;
  /** When to ask again, as the server said. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: string, message: string, requestId?: string, retryAfterSeconds?: number) {
    super(message);
    this.code = code;
    this.requestId = requestId;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** No answer arrived, or only a part of one, or one that is not Keyway's. */
export class Unreachable extends Undecided {
  constructor(message: string) {
    super('unreachable', `${message}; check KEYWAY_URL and that the server runs`);
  }
}

/** The call was refused. */
export class ProblemError extends KeywayError {
  readonly code: string;
  readonly status: number;
  readonly problem: Problem;
  readonly requestId: string | undefined;

  constructor(problem: Problem) {
    const fields = (problem.errors ?? []).map((it) => `${it.pointer}: ${it.detail}`).join('; ');
    super(sentence(problem.code, problem.title, fields || (problem.detail ?? ''), problem.request_id));
    this.code = problem.code;
    this.status = problem.status;
    this.problem = problem;
    this.requestId = problem.request_id ?? undefined;
  }
}

/** The client's own management key is missing, unknown, revoked or expired. */
export class NotAuthorized extends ProblemError {}
/** The client's own management key may not do this. */
export class PermissionDenied extends ProblemError {}
export class NotFound extends ProblemError {}
/** Something stands against the change: it exists already, or is in no state for it. */
export class Conflict extends ProblemError {}
/** The object has another version than the one that was named, or one must be named. */
export class VersionConflict extends ProblemError {}
export class InvalidRequest extends ProblemError {
  get fields(): readonly FieldProblem[] {
    return this.problem.errors ?? [];
  }
}

const refusals: Readonly<Record<string, typeof KeyRefused | undefined>> = {
  api_key_missing: KeyMissing,
  api_key_malformed: KeyMalformed,
  api_key_invalid: KeyInvalid,
  api_key_revoked: KeyRevoked,
  api_key_expired: KeyExpired,
  access_token_expired: TokenExpired,
  api_key_inactive: KeyInactive,
  ip_not_allowed: IpNotAllowed,
  environment_mismatch: EnvironmentMismatch,
  out_of_scope: OutOfScope,
  insufficient_permissions: InsufficientPermissions,
  rate_limited: RateLimited,
};

const problems: Readonly<Record<number, typeof ProblemError | undefined>> = {
  400: InvalidRequest,
  401: NotAuthorized,
  403: PermissionDenied,
  404: NotFound,
  409: Conflict,
  412: VersionConflict,
  422: InvalidRequest,
  428: VersionConflict,
};

/** The error for an answer that refuses a key. A profile may have names of its own for codes. */
export function refusal(answer: VerifyAnswer): KeyRefused {
  const named = refusals[answer.code];
  const lacks = (answer.missing_permissions ?? []).length > 0;
  return new (named ?? (lacks ? InsufficientPermissions : KeyRefused))(answer);
}

export function problemError(problem: Problem): ProblemError {
  return new (problems[problem.status] ?? ProblemError)(problem);
}

export function undecided(problem: Problem, retryAfterSeconds: number | undefined): Undecided {
  const message = sentence(problem.code, problem.title, problem.detail ?? '', problem.request_id);
  return new Undecided(problem.code, message, problem.request_id ?? undefined, retryAfterSeconds);
}

/** What happened, then what to do about it, then how to find it again. */
function sentence(code: string, title: string, detail: string, requestId?: string | null): string {
  const words = codes[code];
  const what = detail === '' || detail === words?.happened ? title : `${title} (${detail})`;
  const hint = words === undefined ? '' : ` ${words.toDo}`;
  const request = requestId == null ? '' : `, ${requestId}`;
  return `${what}.${hint} [${code}${request}]`;
}
