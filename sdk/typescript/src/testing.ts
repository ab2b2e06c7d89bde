/**
 * For a product's own tests: keys and verdicts without a server. A test of this package asks the
 * mock and a real server the same questions and compares the answers.
 */
import { Undecided } from './errors.js';
import { isWellFormed, testKey } from './key-string.js';
import { principalOf, type Question, type Verifier } from './verifier.js';
import type { Principal, VerifyAnswer } from './wire.js';

export { testKey };

/** What a key of the mock is like. */
export interface MockKey {
  /** None if absent: a key that was given nothing may do nothing. `*` is everything. */
  permissions?: readonly string[];
  /** Where the permissions hold; everywhere if absent. */
  resource?: string;
  organization?: string;
  organizationExternalId?: string;
  project?: string;
  environment?: string;
  name?: string;
  owner?: string;
  metadata?: Record<string, unknown>;
  expiresAt?: Date;
}

interface Stored {
  readonly key: MockKey;
  readonly principal: Principal;
  state: 'active' | 'inactive' | 'revoked';
}

/** Answers like Keyway, from memory. It knows no address rules and no roles. */
export class MockKeyway implements Verifier {
  readonly #keys = new Map<string, Stored>();
  readonly #now: () => Date;
  #isDown = false;

  /** `now`: the clock that expiry is measured by. */
  constructor(now: () => Date = () => new Date()) {
    this.#now = now;
  }

  /** Makes a key and gives its secret. */
  issue(key: MockKey = {}): string {
    const environment = key.environment ?? 'test';
    const secret = testKey(environment);
    this.#keys.set(secret, { key, principal: principalFor(key, environment, secret), state: 'active' });
    return secret;
  }

  revoke(secret: string): void {
    this.#change(secret, 'revoked');
  }

  deactivate(secret: string): void {
    this.#change(secret, 'inactive');
  }

  activate(secret: string): void {
    this.#change(secret, 'active');
  }

  /** From now on nothing is decided, as if the server could not be reached. */
  goDown(): void {
    this.#isDown = true;
  }

  comeBack(): void {
    this.#isDown = false;
  }

  async verify(secret: string, question: Question = {}): Promise<Principal> {
    return principalOf(await this.ask(secret, question));
  }

  async ask(secret: string, question: Question = {}): Promise<VerifyAnswer> {
    if (this.#isDown) throw new Undecided('undecided', 'The mock is down.');
    const stored = this.#keys.get(secret);
    if (stored === undefined) {
      return refused(isWellFormed(secret) ? 'api_key_invalid' : 'api_key_malformed', 401);
    }
    const refusal = stateRefusal(stored, this.#now()) ?? scopeRefusal(stored, question);
    const { key, principal } = stored;
    const permissions = reaches(key, placeOf(key, question)) ? sorted(key.permissions) : [];
    const seen = { ...principal, permissions };
    return refusal === undefined
      ? { valid: true, code: 'valid', http_status: 200, key: seen }
      : { ...refusal, key: seen };
  }

  #change(secret: string, state: Stored['state']): void {
    const stored = this.#keys.get(secret);
    if (stored === undefined) throw new RangeError('the mock issued no such key');
    if (stored.state !== 'revoked') stored.state = state;
  }
}

function principalFor(key: MockKey, environment: string, secret: string): Principal {
  return {
    id: secret.split('_')[2] ?? '',
    organization: key.organization ?? 'org_mock',
    organization_external_id: key.organizationExternalId ?? null,
    project: key.project ?? null,
    environment,
    name: key.name ?? 'Mock key',
    suffix: secret.slice(-4),
    owner: key.owner ?? null,
    permissions: [],
    metadata: key.metadata ?? {},
    expires_at: key.expiresAt?.toISOString() ?? null,
  };
}

function refused(code: string, status: number, missing: string[] = []): VerifyAnswer {
  const lacking = missing.length > 0 ? { missing_permissions: missing } : {};
  return { valid: false, code, http_status: status, ...lacking };
}

function stateRefusal({ key, state }: Stored, now: Date): VerifyAnswer | undefined {
  if (state === 'revoked') return refused('api_key_revoked', 401);
  if (key.expiresAt !== undefined && key.expiresAt <= now) return refused('api_key_expired', 401);
  return state === 'inactive' ? refused('api_key_inactive', 401) : undefined;
}

function scopeRefusal({ key, principal }: Stored, question: Question): VerifyAnswer | undefined {
  const { environment, organization } = question;
  if (environment != null && environment !== principal.environment) {
    return refused('environment_mismatch', 403);
  }
  const names = [principal.organization, principal.organization_external_id];
  if (organization != null && !names.includes(organization)) return refused('out_of_scope', 403);
  const asked = question.permissions ?? [];
  if (asked.length === 0 && question.resource == null) return undefined;
  const held = key.permissions ?? [];
  const place = placeOf(key, question);
  const lacksEveryRight = held.length === 0 && asked.length > 0 && isInProject(key, place);
  if (!reaches(key, place) && !lacksEveryRight) return refused('out_of_scope', 403);
  const missing = asked.filter((it) => !held.includes('*') && !held.includes(it));
  return missing.length > 0 ? refused('insufficient_permissions', 403, missing) : undefined;
}

/** Absent means the key's own. */
function placeOf(key: MockKey, question: Question): string {
  return question.resource ?? (key.project === undefined ? '*' : `project/${key.project}`);
}

function reaches(key: MockKey, place: string): boolean {
  const holds = (key.permissions ?? []).length > 0;
  return holds && isInProject(key, place) && covers(key.resource ?? '*', place);
}

function isInProject(key: MockKey, place: string): boolean {
  return key.project === undefined || covers(`project/${key.project}`, place);
}

/** By whole segments: `project/a` covers `project/a/b` and not `project/ab`. */
function covers(wide: string, narrow: string): boolean {
  return wide === '*' || narrow === wide || narrow.startsWith(`${wide}/`);
}

function sorted(permissions: readonly string[] | undefined): string[] {
  const words = permissions ?? [];
  return words.includes('*') ? ['*'] : [...words].sort();
}
