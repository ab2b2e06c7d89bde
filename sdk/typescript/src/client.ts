import { Connection } from './connection.js';
import { type KeywayOptions, readOptions } from './options.js';
import { Keys } from './resources/keys.js';
import { Members } from './resources/members.js';
import { Organizations } from './resources/organizations.js';
import { Projects } from './resources/projects.js';
import { Resources } from './resources/resources.js';
import { principalOf, type Question, type Verifier } from './verifier.js';
import { Watch, type WatchedKey, type WatchEvent, type WatchOptions } from './watch.js';
import type { Page, Principal, VerifyAnswer, VerifyKey, Whoami } from './wire.js';

/** Calls one server with one management key. Make one and keep it: it holds connections open. */
export class Keyway implements Verifier {
  readonly keys: Keys;
  readonly organizations: Organizations;
  readonly projects: Projects;
  readonly members: Members;
  readonly resources: Resources;
  readonly #connection: Connection;

  constructor(options: KeywayOptions = {}) {
    this.#connection = new Connection(readOptions(options));
    this.keys = new Keys(this.#connection);
    this.organizations = new Organizations(this.#connection);
    this.projects = new Projects(this.#connection);
    this.members = new Members(this.#connection);
    this.resources = new Resources(this.#connection);
  }

  /** What the key stands for; throws `KeyRefused` for a no and `Undecided` where there is none. */
  async verify(secret: string, question: Question = {}): Promise<Principal> {
    return principalOf(await this.ask(secret, question));
  }

  /** The answer as it is, for those who want to look at a refusal without catching it. */
  ask(secret: string, question: Question = {}): Promise<VerifyAnswer> {
    const body = { ...question, secret };
    return this.#connection.call({
      method: 'POST',
      route: '/v1/keys/verify',
      body,
      isQuestion: true,
    });
  }

  /** Up to 1,000 questions in one call; the answers come in their order. Look at each `valid`. */
  async verifyBatch(items: readonly VerifyKey[]): Promise<VerifyAnswer[]> {
    const route = '/v1/keys/verify-batch';
    const call = { method: 'POST', route, body: { items }, isQuestion: true } as const;
    return (await this.#connection.call<Page<VerifyAnswer>>(call)).data;
  }

  /**
   * Tells of each change that bears on one key, or on any without one, until the loop is left or
   * `signal` ends it. It needs a management key with `keys.follow`.
   */
  watch(key?: WatchedKey, options: WatchOptions = {}): AsyncGenerator<WatchEvent, void, undefined> {
    return new Watch(this.#connection, key, options.signal).events();
  }

  /** Who this client's own credential is. */
  whoami(): Promise<Whoami> {
    return this.#connection.call({ method: 'GET', route: '/v1/whoami' });
  }
}
